#!/bin/sh
# Prints a C file that holds the dashboard: everything a browser asks for, each plain and gzipped (by zopfli where it is
# installed, which makes 3 % less of it). esbuild takes comments, blanks and long names out of the modules, lays those that
# always come together into one file, a page apart from the other, and leaves out of Chart.js what curves have no use for.
# Usage: embed.sh FOLDER CHART_JS
#
# All files but index.html are served below /assets/VERSION/, where VERSION is a digest of all of them: they name each
# other relatively, so no file needs to be changed, and a browser may keep them for good. index.html gets the version in
# place of @VERSION@, and in place of @PRELOAD@ what the first view needs.
set -eu
LC_ALL=C
export LC_ALL

fail() {
    echo "embed: $1" >&2
    exit 1
}

[ "$#" -eq 2 ] || fail "a folder and the file of Chart.js are needed"
folder=$1
chart=$2
[ -f "$folder/index.html" ] || fail "there is no $folder/index.html"
[ -f "$chart" ] || fail "there is no Chart.js at $chart (Debian's package is libjs-chart.js)"
command -v esbuild >/dev/null 2>&1 || fail "there is no esbuild (Debian's package is esbuild)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# What is supported understands all that is written here: nothing is rewritten for older browsers.
slim() {
    esbuild --log-level=warning --minify --charset=utf8 --target=es2022 --legal-comments=eof "$@"
}

# Curves on axes of every kind, as a module like the others.
cp -R "$folder" "$work/source"
cat >"$work/source/charts/chart.js" <<ENTRY
import {Chart, LineController, LineElement, LinearScale, LogarithmicScale, PointElement, Scale} from "$chart";
Chart.register(LineController, LineElement, LinearScale, LogarithmicScale, PointElement);
export {Chart, Scale};
ENTRY
slim --bundle --splitting --format=esm --outdir="$work/out" --outbase="$work/source" --chunk-names='chunks/[hash]' \
    "$work/source/app.js" "$work/source"/pages/*.js "$work/source/charts/chart.js"
for name in theme.js style.css; do
    slim "$folder/$name" >"$work/out/$name"
done
cp "$folder"/*.svg "$work/out/"
(cd "$work/out" && find . -type f | sed 's|^\./||' | sort) >"$work/names"
version=$(while IFS= read -r name; do
    printf '%s ' "$name"
    sha256sum <"$work/out/$name"
done <"$work/names" | sha256sum | cut -c 1-16)
[ "${#version}" = 16 ] || fail "no SHA-256"

compress() {
    if command -v zopfli >/dev/null 2>&1; then
        zopfli --gzip -c "$1"
    else
        gzip -9nc "$1"
    fi
}

bytes() {
    od -An -v -tu1 "$1" | awk '{ gsub(/[ \t]+/, ","); sub(/^,/, "    "); print $0 "," }'
}

# asset FILE NAME: two arrays, and a line for the table.
count=0
asset() {
    case $2 in
    *.js) type='text/javascript; charset=utf-8' ;;
    *.css) type='text/css; charset=utf-8' ;;
    *.svg) type='image/svg+xml' ;;
    *.html) type='text/html; charset=utf-8' ;;
    *) fail "$2: no type is known for it" ;;
    esac
    compress "$1" >"$work/gzip"
    sum=$(sha256sum <"$1" | cut -c 1-32)
    printf 'static const unsigned char plain_%d[] = {\n' "$count"
    bytes "$1"
    printf '};\nstatic const unsigned char gzip_%d[] = {\n' "$count"
    bytes "$work/gzip"
    printf '};\n'
    printf '    {"%s", "%s",\n     {plain_%d, sizeof plain_%d, "\\"%s\\""},\n     {gzip_%d, sizeof gzip_%d, "\\"%s-gzip\\""}},\n' \
        "$2" "$type" "$count" "$count" "$sum" "$count" "$count" "$sum" >>"$work/table"
    count=$((count + 1))
}

# The list of jobs and every chunk that it or app.js imports at once.
preload() {
    {
        echo pages/jobs.js
        grep -ohE 'from ?"[^"]*chunks/[^"]*"' "$work/out/app.js" "$work/out/pages/jobs.js" | sed 's|.*\(chunks/[^"]*\)"|\1|' | sort -u
    } | sed "s|.*|<link rel=\"modulepreload\" href=\"/assets/$version/&\">|"
}

cat <<'HEAD'
/* Generated from server/dashboard by its embed.sh. */
#include "dashboard/assets.h"

HEAD
preload >"$work/preload"
[ "$(wc -l <"$work/preload")" -ge 2 ] || fail "no module is preloaded: esbuild names them otherwise than is looked for"
sed -e "/@PRELOAD@/{
r $work/preload
d
}" -e "s/@VERSION@/$version/g" "$folder/index.html" >"$work/index.html"
asset "$work/index.html" index.html
while IFS= read -r name; do
    asset "$work/out/$name" "$name"
done <"$work/names"
printf '\nconst char dashboard_version[] = "%s";\n\nconst dashboard_asset dashboard_assets[] = {\n' "$version"
cat "$work/table"
printf '};\n\nconst size_t dashboard_asset_count = sizeof dashboard_assets / sizeof dashboard_assets[0];\n'
