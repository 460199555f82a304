#!/bin/sh
# lint.sh: the rules of the tree that a compiler does not hold. Run by `make lint` from the top of the repository.
#
# Every fault is one line, "file:line: what"; the exit status is 1 where there is any. Files that git ignores are not
# looked at. FAST=1 leaves out the build with clang.
set -u
export LC_ALL=C

cd "$(dirname "$0")/../.." || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
: >"$work/faults"

# --- Files -------------------------------------------------------------------------------------

{
    git ls-files --cached --others --exclude-standard 2>/dev/null ||
        find . -name .git -prune -o -path ./build -prune -o -path ./data -prune -o -type f -print | sed 's|^\./||'
} | sort -u | while IFS= read -r file; do
    [ -f "$file" ] && echo "$file"
done >"$work/all"
[ -s "$work/all" ] || { echo "lint: no files found" >&2; exit 2; }

grep -E '\.(c|h|inc)$' "$work/all" >"$work/c"
# Everything a person writes and reads as text; golden numbers, data and inputs of fuzz targets are neither.
grep -vE '^tests/(golden|data)/.*\.txt$|^tests/fuzz/corpus/|\.(csv|bin|png|gz|safetensors)$' "$work/all" >"$work/text"
# The scripts of this folder name what they look for.
grep -v '^tests/lint/' "$work/text" >"$work/spoken"
xargs awk -f tests/lint/source.awk <"$work/c" >"$work/code"

# --- Saying it ---------------------------------------------------------------------------------

# faults HEADING: reads faults from standard input.
faults() {
    sort -u | sort -t: -k1,1 -k2,2n >"$work/found"
    if [ -s "$work/found" ]; then
        echo "lint: $1: $(wc -l <"$work/found") fault(s)"
        sed 's/^/  /' "$work/found"
        cat "$work/found" >>"$work/faults"
    else
        echo "lint: $1: ok"
    fi
}

# search MESSAGE PATTERN [LIST]: lines of the files listed that match.
search() {
    # The second file keeps grep's output in one form where the list holds a single name.
    xargs grep -nIE -e "$2" /dev/null <"$work/${3:-text}" | awk -v message="$1" '{
        split($0, part, ":")
        text = substr($0, length(part[1]) + length(part[2]) + 3)
        gsub(/^[ \t]+/, "", text)
        print part[1] ":" part[2] ": " message ": " substr(text, 1, 80)
    }'
}

# in_code FOLDERS MESSAGE PATTERN: as search, in code without comments and literals; FOLDERS is a pattern for the path.
in_code() {
    awk -v folders="$1" -v message="$2" -v pattern="$3" '{
        split($0, part, ":")
        if (part[1] !~ folders)
            next
        text = substr($0, length(part[1]) + length(part[2]) + 3)
        if (text ~ pattern) {
            gsub(/^[ \t]+/, "", text)
            print part[1] ":" part[2] ": " message ": " substr(text, 1, 80)
        }
    }' "$work/code"
}

# --- Format ------------------------------------------------------------------------------------

# Versions of clang-format disagree about details; the tree's form is that of 14 (Debian 12). Another one says nothing.
check_format() {
    for formatter in clang-format-14 clang-format; do
        version=$($formatter --version 2>/dev/null | sed -n 's/.*version \([0-9]*\)\..*/\1/p')
        [ "$version" = 14 ] && break
    done
    if [ "$version" != 14 ]; then
        echo "lint: format: not checked, it is clang-format 14's and here is ${version:-none}"
        return
    fi
    while IFS= read -r file; do
        $formatter "$file" | cmp -s - "$file" || echo "$file:1: not as $formatter -i writes it"
    done <"$work/c" | faults "format"
}

check_text() {
    {
        search "trailing blanks" '[[:blank:]]+$'
        search "carriage return" "$(printf '\r')"
        grep -vE '(^|/)Makefile$|\.mk$' "$work/text" >"$work/untabbed"
        search "tab" "$(printf '\t')" untabbed
        while IFS= read -r file; do
            [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] || echo "$file:1: no line end at the end of the file"
        done <"$work/text"
    } | faults "blanks, tabs and line ends"
}

# --- Sizes -------------------------------------------------------------------------------------

check_sizes() {
    grep -E '\.(c|h|inc|js|css|sh)$' "$work/all" | xargs wc -l | awk '$2 != "total" && $1 > 400 { print $1, $2 }' >"$work/long"
    {
        awk '$1 > 600 { print $2 ":600: " $1 " lines, the limit is 600" }' "$work/long"
        # A function's braces are those that stand in the first column.
        awk '{
            split($0, part, ":")
            text = substr($0, length(part[1]) + length(part[2]) + 3)
            if (text ~ /^\{[ \t]*$/) {
                start = part[2]
                name = head
            } else if (text ~ /^\}[ \t]*$/ && start) {
                if (part[2] - start + 1 > 80)
                    print part[1] ":" start ": " part[2] - start + 1 " lines in a function, the limit is 80: " name
                start = 0
            } else if (text ~ /^[A-Za-z_]/) {
                head = substr(text, 1, 60)
            }
        }' "$work/code"
    } | faults "sizes of files and functions"
    awk '$1 <= 600 { print "  " $2 ": " $1 " lines, more than 400 (a word, no fault)" }' "$work/long"
}

# --- Arrows ------------------------------------------------------------------------------------

# Unit, and what its files may include: other units in quotes; descent: the library's public headers; status: of those
# <descent/status.h> alone. Nothing points up, and what is not named here is refused; "server" is main.c and the files
# beside it.
arrows() {
    cat <<'TABLE'
core/base      base descent
core/math      math base descent
core/data      data math base descent
core/nn        nn formula math base descent
core/loss      loss math base descent
core/optim     optim math base descent
core/formula   formula math base descent
core/export    export nn math base descent
core/train     train nn loss optim data formula math base descent
server/http    http
server/json    json
server/store   store status
server/spec    spec json descent
server/jobs    jobs spec json store descent
server/access  access status
server/api     api access jobs spec json store http dashboard descent
server         api access jobs spec json store http dashboard descent
server/dashboard dashboard
TABLE
}

# Headers of the libraries, and the one folder that knows each.
homes() {
    cat <<'TABLE'
sqlite3.h server/store
microhttpd.h server/http
gnutls/gnutls.h server/http
cjson/cJSON.h server/json
criterion/criterion.h tests
curl/curl.h tests
TABLE
}

check_arrows() {
    arrows >"$work/arrows"
    homes >"$work/homes"
    xargs grep -nE '^[[:blank:]]*#[[:blank:]]*include' /dev/null <"$work/c" | awk -v arrows="$work/arrows" -v homes="$work/homes" '
        BEGIN {
            while ((getline line < arrows) > 0) {
                count = split(line, word, " ")
                known[word[1]] = 1
                for (i = 2; i <= count; i++)
                    may[word[1], word[i]] = 1
            }
            while ((getline line < homes) > 0) {
                split(line, word, " ")
                home[word[1]] = word[2]
            }
            count = split("assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal " \
                "stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads " \
                "time uchar wchar wctype", word, " ")
            for (i = 1; i <= count; i++)
                standard[word[i] ".h"] = 1
        }
        function fault(text) {
            print file ":" line_number ": " text
        }
        function unit_of(path,    part) {
            split(path, part, "/")
            if (path ~ /^core\/src\//)
                return "core/" part[3]
            if (path ~ /^server\/[^\/]+$/)
                return "server"
            if (path ~ /^server\/[^\/]+\//)
                return "server/" part[2]
            return ""
        }
        {
            split($0, part, ":")
            file = part[1]
            line_number = part[2]
            if (!match($0, /[<"][^>"]+[>"]/))
                next
            quoted = substr($0, RSTART, 1) == "\""
            name = substr($0, RSTART + 1, RLENGTH - 2)
            if ((name in home) && index(file, home[name] "/") != 1 &&
                !(name == "sqlite3.h" && file ~ /^tests\//) && !(name == "cjson/cJSON.h" && file ~ /^tests\//) &&
                !(name == "microhttpd.h" && file ~ /^tests\/bench\//))
                fault("<" name "> belongs to " home[name])
            if (file ~ /^core\/include\// || file ~ /^docs\//) {
                if (quoted || (name !~ /^descent\// && !(name in standard)))
                    fault("a public header includes <descent/...> and the C library alone, not " name)
                next
            }
            if (file ~ /^tests\//)
                next
            unit = unit_of(file)
            if (!(unit in known)) {
                fault("this folder has no row in the table of arrows of tests/lint/lint.sh")
                next
            }
            if (!quoted) {
                if (name ~ /^descent\// && !((unit, "descent") in may) &&
                    !((unit, "status") in may && name == "descent/status.h"))
                    fault(unit " does not include <" name ">")
                next
            }
            target = name
            if (target !~ /\//) {
                if (unit != "server")
                    fault(unit " includes by folder, not \"" name "\"")
                next
            }
            sub(/\/.*/, "", target)
            if (!((unit, target) in may))
                fault(unit " does not include " target "/")
        }' | faults "arrows between folders"
}

# Each header must be enough in itself.
check_headers() {
    compiler=${CC:-cc}
    {
        grep -E '^core/include/.*\.h$' "$work/all" | while IFS= read -r header; do
            $compiler -std=c11 -Wall -Wextra -Werror -fsyntax-only -Icore/include -x c "$header" 2>"$work/said" ||
                echo "$header:1: does not compile alone: $(grep -m 1 error "$work/said")"
        done
        grep -E '^(core/src|server)/.*\.h$' "$work/all" | while IFS= read -r header; do
            case $header in
            core/*) private=core/src ;;
            *) private=server ;;
            esac
            $compiler -std=c11 -D_GNU_SOURCE -Wall -Werror -Wno-unused-function -fsyntax-only -Icore/include "-I$private" -x c "$header" \
                2>"$work/said" || echo "$header:1: does not compile alone: $(grep -m 1 error "$work/said")"
        done
    } | faults "headers alone"
}

# --- Words -------------------------------------------------------------------------------------

check_functions() {
    before='(^|[^A-Za-z0-9_.>])'
    {
        in_code '^(core|server|docs|tests)/' "not to be used" \
            "$before(strcpy|strcat|strncat|sprintf|vsprintf|strtok|atoi|atol|atoll|atof|gets|rand|srand|tmpnam|mktemp|alloca)[ ]*\\("
        in_code '^core/src/' "the library never ends the process and never prints" \
            "$before(exit|_exit|_Exit|abort|assert|printf|fprintf|vprintf|vfprintf|puts|putchar|fputs|perror|syslog)[ ]*\\("
        # But in the two files that read decimal text themselves and fall back to the C library.
        in_code '^(core/src|server)/' "depends on the locale" \
            "$before(strtod|strtof|setlocale|isalpha|isalnum|isdigit|isspace|isupper)[ ]*\\(" |
            grep -vE '^(core/src/base/number|server/json/number_parse)\.c:'
    } | faults "functions"
}

check_words() {
    grep -E '(^|/)(Makefile|Dockerfile)$|\.(mk|c|h|inc|sh|yaml)$' "$work/spoken" >"$work/built"
    {
        search "mark of unfinished work" '(^|[^A-Za-z])(TO[D]O|FIXM[E]|X[X]X|HAC[K]|[Nn]ot (yet )?implemente[d]|[Ss]tub(bed)?|STU[B])([^A-Za-z]|$)' spoken
        search "mark of unfinished work" '(^|[^A-Za-z:])[Pp]laceholde[r]([^=:A-Za-z]|$)' spoken
        search "hides non-finite numbers or ties the program to one machine" '-(ffast-math|Ofast|ffinite-math-only|march=native)' built
        grep -v '^tests/' "$work/spoken" >"$work/product"
        search "a folder its users do not have" '\.\./share[d]' product
        search "a path of one machine" '(^|[^A-Za-z0-9_.])/(home|root|work|Users)/[A-Za-z]' spoken
    } | faults "words and flags"
}

# SQL is the store's alone.
check_sql() {
    grep -E '^(core|server|docs)/.*\.(c|h|inc|sh)$' "$work/all" | grep -v '^server/store/' >"$work/without_sql"
    {
        search "SQL outside server/store and migrations" \
            '(SELECT .* FROM |INSERT (OR [A-Z]+ )?INTO |UPDATE [a-z_]+ SET |DELETE FROM |(CREATE|DROP|ALTER) (TABLE|INDEX|TRIGGER)|PRAGMA )' without_sql
        in_code '^(core|server/(http|json|spec|jobs|api))/' "the database outside server/store" 'sqlite3_'
    } | faults "SQL"
}

# What the tables of the library name stands in docs/methods.md.
check_methods() {
    {
        sed -nE 's/^ *\[GD_(LAYER|LOSS|SCHEDULE|ACTIVATION|INITIALISER)_[A-Z_0-9]+\] =[^"]*"([a-z_0-9]+)".*/\2/p' core/src/*/*.c
        sed -nE 's/^    \.name = "([a-z]+)",$/\1/p' core/src/optim/*.c
    } | sort -u | while IFS= read -r name; do
        grep -qF "\`$name\`" docs/methods.md || echo "docs/methods.md:1: says nothing of $name"
    done | faults "methods documented"
}

# --- Another compiler --------------------------------------------------------------------------

check_clang() {
    if [ -n "${FAST:-}" ]; then
        return
    fi
    if ! command -v clang >/dev/null 2>&1; then
        echo "clang:1: not installed" | faults "clang"
        return
    fi
    if make -k --no-print-directory -j2 CC=clang BUILD=build/clang check-build >"$work/clang" 2>&1; then
        : >"$work/clang"
    else
        grep -E "error:|undefined reference" "$work/clang" >"$work/clang_faults" || tail -n 5 "$work/clang" >"$work/clang_faults"
        mv "$work/clang_faults" "$work/clang"
    fi
    faults "clang builds it without a warning" <"$work/clang"
}

check_format
check_text
check_sizes
check_arrows
check_headers
check_functions
check_words
check_sql
check_methods
check_clang

if [ -s "$work/faults" ]; then
    echo "lint: $(wc -l <"$work/faults") fault(s)"
    exit 1
fi
echo "lint: no fault"
