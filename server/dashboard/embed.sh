#!/bin/sh
# Prints a C file that holds the dashboard: every file of this folder that a browser asks for, and Chart.js, each plain
# and gzipped (by zopfli where it is installed, which makes 3 % less of it). esbuild takes comments, blanks and long
# names out of each file by itself, and out of Chart.js what curves have no use for. Usage: embed.sh FOLDER CHART_JS
#
# All files but index.html are served below /assets/VERSION/, where VERSION is a digest of all of them: they name each
# other relatively, so no file needs to be changed, and a browser may keep them for good. index.html gets the
# version in place of @VERSION@.
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

(cd "$folder" && find . -type f \( -name '*.js' -o -name '*.css' -o -name '*.svg' \) | sed 's|^\./||' | sort) >"$work/names"
version=$({
    while IFS= read -r name; do
        printf '%s ' "$name"
        sha256sum <"$folder/$name"
    done <"$work/names"
    sha256sum <"$chart"
    sha256sum <"$0"
} | sha256sum | cut -c 1-16)
[ "${#version}" = 16 ] || fail "no SHA-256"

# What the browsers that are supported understand: nothing is rewritten for older ones.
slim() {
    case $1 in
    *.js | *.css) esbuild --log-level=warning --minify --charset=utf8 --target=es2022 "$1" ;;
    *) cat "$1" ;;
    esac
}

# Curves on linear and logarithmic axes, as a module, under its authors' licence line.
cut_chart() {
    cat >"$work/chart_entry.js" <<ENTRY
import {Chart, LineController, LineElement, LinearScale, LogarithmicScale, PointElement, Scale} from "$chart";
Chart.register(LineController, LineElement, LinearScale, LogarithmicScale, PointElement);
export {Chart, Scale};
ENTRY
    esbuild --log-level=warning --bundle --minify --charset=utf8 --format=esm --target=es2022 --legal-comments=eof \
        "$work/chart_entry.js"
}

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

cat <<'HEAD'
/* Generated from server/dashboard by its embed.sh. */
#include "dashboard/assets.h"

HEAD
sed "s/@VERSION@/$version/g" "$folder/index.html" >"$work/index.html"
asset "$work/index.html" index.html
while IFS= read -r name; do
    slim "$folder/$name" >"$work/slim"
    asset "$work/slim" "$name"
done <"$work/names"
cut_chart >"$work/chart"
asset "$work/chart" charts/chart.js
printf '\nconst char dashboard_version[] = "%s";\n\nconst dashboard_asset dashboard_assets[] = {\n' "$version"
cat "$work/table"
printf '};\n\nconst size_t dashboard_asset_count = sizeof dashboard_assets / sizeof dashboard_assets[0];\n'
