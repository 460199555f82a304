#!/bin/sh
# Prints a C file that holds the given migrations (NNNN_name.sql, in ascending order) as texts, each
# with its version, its name and the SHA-256 of the file. Usage: embed_migrations.sh FILE...
set -eu
LC_ALL=C
export LC_ALL

fail() {
    echo "embed_migrations: $1" >&2
    exit 1
}

[ "$#" -gt 0 ] || fail "no migration was given"

cat <<'HEAD'
/* Generated from migrations by server/store/embed_migrations.sh. */
#include "store/migrate.h"

const store_migration store_migrations[] = {
HEAD

tab=$(printf '\t')
expected=1
for file in "$@"; do
    base=$(basename "$file" .sql)
    case $base in
    [0-9][0-9][0-9][0-9]_?*) ;;
    *) fail "$file: the name must be NNNN_name.sql" ;;
    esac
    name=${base#*_}
    case $name in
    *[!a-z0-9_]*) fail "$file: the name may hold a-z, 0-9 and _ only" ;;
    esac
    version=$(printf '%s\n' "${base%%_*}" | sed 's/^0*//')
    [ "$version" = "$expected" ] || fail "$file: version $expected was expected"
    expected=$((expected + 1))
    # The text below is the file byte for byte: no NUL or carriage return, a newline at the end.
    [ "$(tail -c 1 "$file" | od -An -tx1 | tr -d ' ')" = 0a ] || fail "$file: no newline at the end"
    od -An -v -tx1 "$file" | awk '/ 0d| 00/ { exit 1 }' ||
        fail "$file: a NUL or a carriage return"
    sum=$(sha256sum "$file" | awk '{ print $1 }')
    [ "${#sum}" = 64 ] || fail "$file: no SHA-256"

    printf '    {%s, "%s",\n' "$version" "$name"
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e "s/$tab/\\\\t/g" \
        -e 's/^/     "/' -e 's/$/\\n"/' "$file"
    printf '     ,\n     "%s"},\n' "$sum"
done

cat <<'TAIL'
};

const size_t store_migration_count = sizeof store_migrations / sizeof store_migrations[0];
TAIL
