/*
 * test_looks.c: every page in both themes and three widths: pictures to look at, and checks that
 * need no eye: contrast, names, labels, order of headings, nothing wider than the window.
 */
#include "browser/browser.h"

#include <stdio.h>
#include <string.h>

#define LIMIT (240.0 * SERVICE_PATIENCE)

#define SPEC_DEEP                                                                                    \
    "{'name': '%s', 'labels': {'team': 'vision'}, 'model': {'type': 'mlp', 'hidden': [32, 32, 16], " \
    "'activation': 'tanh'}, 'data': {'generator': {'type': 'spiral', 'samples': 600, 'seed': 5}, "   \
    "'validation': {'fraction': 0.2, 'seed': 3}}, 'optimizer': {'type': 'adam', 'learning_rate': "   \
    "%g, 'schedule': {'type': 'cosine', 'warmup_steps': 100}}, 'training': {'epochs': %d, 'seed': "  \
    "7}}"

/* Faults as a list of sentences; [] where there are none. */
static const char CHECKS[] =
    "const faults = [];"
    "const seen = own => own.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });"
    "const say = (words, own) => faults.push(`${words}: ${own.outerHTML.slice(0, 160)}`);"
    "const name = own => (own.ariaLabel || own.innerText || own.title || document.getElementById("
    "own.getAttribute('aria-labelledby'))?.innerText || '').trim();"
    "for (const own of document.querySelectorAll('button, a[href], summary')) if (seen(own) && !name(own)) say('no name', own);"
    "for (const own of document.querySelectorAll('input, select, textarea'))"
    " if (seen(own) && !own.ariaLabel && (own.labels?.length ?? 0) === 0) say('no label', own);"
    "for (const own of document.querySelectorAll('canvas, img, svg, progress'))"
    " if (seen(own) && !own.ariaLabel && own.ariaHidden !== 'true' && !own.closest('.ramp')) say('no words', own);"
    "const ids = [...document.querySelectorAll('[id]')].map(own => own.id);"
    "for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) faults.push(`id twice: ${id}`);"
    "for (const own of document.querySelectorAll('[aria-describedby], [aria-labelledby]'))"
    " for (const attribute of ['aria-describedby', 'aria-labelledby'])"
    "  for (const id of (own.getAttribute(attribute) ?? '').split(' ').filter(Boolean))"
    "   if (!document.getElementById(id)) say(`${attribute} names nothing`, own);"
    "let level = 0;"
    "for (const own of document.querySelectorAll('h1, h2, h3')) { const next = Number(own.tagName[1]);"
    " if (next > level + 1) say('a level of headings is left out', own); level = next; }"
    "if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');"
    "if (!document.documentElement.lang) faults.push('no language');"
    "for (const words of ['main', 'nav', 'header']) if (!document.querySelector(words)) faults.push(`no ${words}`);"
    "for (const own of document.querySelectorAll('th')) if (!own.closest('thead') && own.scope !== 'row') say('a head of no row', own);"
    "for (const own of document.querySelectorAll('button, input, select')) { const box = own.getBoundingClientRect();"
    " if (seen(own) && own.type !== 'checkbox' && (box.width < 20 || box.height < 20)) say('too small a target', own); }"
    "if (document.documentElement.scrollWidth > innerWidth) { faults.push(`wider than the window: "
    "${document.documentElement.scrollWidth} of ${innerWidth}`);"
    " for (const own of document.querySelectorAll('main *')) if (own.getBoundingClientRect().right > innerWidth + 1 && !own.closest('.table-scroll')) { say('too wide', own); break; } }"
    /* Contrast of text against what lies behind it, WCAG 2.2 1.4.3. */
    "const parts = text => { const own = (text.match(/[\\d.]+/g) ?? []).map(Number);"
    " return text.startsWith('color(srgb') ? [own[0] * 255, own[1] * 255, own[2] * 255, own[3] ?? 1] : [own[0], own[1], own[2], own[3] ?? 1]; };"
    "const light = ([red, green, blue]) => { const own = [red, green, blue].map(part => part / 255)"
    ".map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);"
    " return 0.2126 * own[0] + 0.7152 * own[1] + 0.0722 * own[2]; };"
    "const behind = own => { for (let at = own; at; at = at.parentElement) { const ground = parts(getComputedStyle(at).backgroundColor);"
    " if (ground[3] === 1) return ground; } return [255, 255, 255, 1]; };"
    "let checked = 0;"
    "const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);"
    "for (let node = walk.nextNode(); node; node = walk.nextNode()) { const own = node.parentElement;"
    " if (!node.data.trim() || !seen(own) || own.closest('option, .unseen, :disabled, noscript, script')) continue;"
    " checked++; const a = light(parts(getComputedStyle(own).color)), b = light(behind(own));"
    " const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);"
    " if (ratio < 4.5) say(`contrast ${ratio.toFixed(2)}`, own); }"
    "if (checked < 5) faults.push('hardly any text');"
    "return faults;";

static void expect_sound(browser *own, const char *page, const char *theme, int width)
{
    const cJSON *fault;
    cJSON_ArrayForEach(fault, browser_run(own, "%s", CHECKS))
    {
        cr_expect_fail("%s, %s, %d px: %s", page, theme, width, fault->valuestring);
    }
}

typedef struct page {
    const char *name, *address, *ready;
    int height;
} page;

static void look(browser *own, const page *shown, const char *theme, int width, int height)
{
    char name[128];
    browser_size(own, width, height);
    browser_theme(own, theme);
    browser_open(own, "%s", shown->address);
    browser_await(own, "%s", shown->ready);
    service_sleep(0.4); /* the last frame */
    expect_sound(own, shown->name, theme, width);
    snprintf(name, sizeof name, width == 1440 ? "%s-%s" : "%s-%s-%d", shown->name, theme, width);
    browser_picture(own, name);
}

Test(browser_looks, every_page_in_both_themes_and_all_widths, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *slow = reply_text(client_run(it, 60, SPEC_DEEP, "spiral, slow", 0.001, 150), "/id");
    const char *quick =
        reply_text(client_run(it, 60, SPEC_DEEP, "spiral, quick", 0.01, 150), "/id");
    (void)client_upload_file(it, "?name=iris", "docs/demo/iris.csv");
    (void)client_submit(it, SPEC_DEEP, "too fast", 900.0, 100);
    (void)client_submit(it, SPEC_DEEP,
                        "a_name_without_a_single_blank_that_goes_on_and_on_and_on_until_nobody_can_"
                        "say_where_it_began_or_what_it_was_meant_to_tell",
                        0.01, 3);
    const char *busy = client_submit(it, SPEC_DEEP, "a long run", 0.001, 2000000);
    (void)client_wait_step(it, busy, 200, 30);
    (void)client_submit(it, SPEC_DEEP, "waits in line", 0.001, 100);
    browser *own = browser_start(it);
    const page pages[] = {
        {"jobs", "", "document.querySelectorAll('.jobs tbody tr').length === 6", 640},
        {"job", client_text(it, "#/jobs/%s", quick),
         "document.querySelector('.chart canvas')?.ariaLabel.includes('points') && "
         "document.querySelector('#predict-0')",
         2040},
        {"new", "#/new", "document.querySelector('.estimate .figure')", 1540},
        {"compare", client_text(it, "#/compare?jobs=%s,%s&ys=log&threshold=0.4", slow, quick),
         "document.body.innerText.includes('optimizer.learning_rate') && "
         "document.querySelector('.chart canvas')?.ariaLabel.includes('points')",
         1180},
        {"service", "#/service", "document.querySelector('.bars .state')", 900},
        {"interface", "#/api", "document.querySelectorAll('.operation').length > 20", 1200},
    };
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        look(own, &pages[i], "light", 1440, pages[i].height);
        look(own, &pages[i], "dark", 1440, pages[i].height);
        look(own, &pages[i], "light", 360, 800);
        look(own, &pages[i], "dark", 320, 800); /* 1280 px at 400 % */
        look(own, &pages[i], "dark", 3840, 2160);
    }
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

/* Lines, controls and states against the grounds they stand on, WCAG 2.2 1.4.11; motion where
 * none is wanted. */
Test(browser_looks, lines_and_controls_are_seen_and_nothing_moves, .timeout = LIMIT)
{
    service *it = service_start(1);
    browser *own = browser_start(it);
    static const char *const themes[] = {"light", "dark"};
    for (size_t i = 0; i < 2; i++) {
        browser_theme(own, themes[i]);
        browser_open(own, "#/new");
        browser_await(own, "document.querySelector('.estimate .figure')");
        const cJSON *fault;
        cJSON_ArrayForEach(
            fault,
            browser_run(
                own,
                "const probe = document.body.appendChild(document.createElement('span'));"
                "const light = token => { probe.style.color = `var(${token})`; const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).map(Number)"
                ".slice(0, 3).map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);"
                " return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]; };"
                "const faults = [];"
                "for (const line of [...Array(8).keys()].map(index => `--series-${index + 1}`).concat('--edge', '--accent', '--good', '--warn', '--bad', '--calm'))"
                " for (const ground of ['--surface', '--paper', '--sunken']) { const a = light(line), b = light(ground);"
                "  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); if (ratio < 3) faults.push(`${line} on ${ground}: ${ratio.toFixed(2)}`); }"
                "for (const control of document.querySelectorAll('*')) { const { transitionDuration, animationName } = getComputedStyle(control);"
                " if (/[1-9]/.test(transitionDuration) || animationName !== 'none') { faults.push(`it moves: ${control.outerHTML.slice(0, 80)}`); break; } }"
                "probe.remove(); return faults"))
        {
            cr_expect_fail("%s: %s", themes[i], fault->valuestring);
        }
    }
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_looks, the_theme_switch_lasts_and_focus_is_seen, .timeout = LIMIT)
{
    service *it = service_start(1);
    browser *own = browser_start(it);
    browser_open(own, "#/service");
    browser_await_text(own, "Workers busy");
    const char *before =
        browser_text(own, "return getComputedStyle(document.body).backgroundColor");
    browser_click(own, "#theme");
    browser_click(own, "#theme");
    browser_await(own, "document.documentElement.dataset.theme === 'dark'");
    cr_expect_str_neq(browser_text(own, "return getComputedStyle(document.body).backgroundColor"),
                      before);
    browser_open(own, "#/service");
    browser_await(own, "document.documentElement.dataset.theme === 'dark'");
    browser_keys(own, "\uE004"); /* Tab: first the way past the navigation */
    cr_expect_str_eq(browser_text(own, "return document.activeElement.innerText"),
                     "Skip to the content");
    for (int i = 0; i < 6; i++) {
        browser_keys(own, "\uE004");
        const cJSON *outlined = browser_run(
            own, "return getComputedStyle(document.activeElement).outlineStyle !== 'none'");
        cr_expect(cJSON_IsTrue(outlined), "the focus is not seen at stop %d", i);
    }
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}
