#!/bin/sh
# demo.sh PROGRAM: a first model, trained before your eyes. Run by `make demo`.
#
# Starts the service on a free port of 127.0.0.1 with a directory of its own, uploads iris, trains a small net on it,
# shows progress, result, predictions and the loss curve, and ends the service. The directory goes too, unless
# something fails: then it is kept and named. Needs curl and jq.
set -eu

program=${1:?usage: demo.sh PROGRAM}
here=$(dirname "$0")
process=
finished=no
scratch=$(mktemp -d "${TMPDIR:-/tmp}/descentd-demo-XXXXXX")

# --- Ending well, or not ------------------------------------------------------------------------

fail() {
    echo >&2
    echo "demo: $*" >&2
    exit 1
}

# Ends the service by its id; at most 10 seconds are waited for.
stop_service() {
    [ -n "$process" ] || return 0
    kill -TERM "$process" 2>/dev/null || true
    left=100
    while kill -0 "$process" 2>/dev/null && [ "$left" -gt 0 ]; do
        left=$((left - 1))
        sleep 0.1
    done
    [ "$left" -gt 0 ] || kill -KILL "$process" 2>/dev/null || true
    ended=0
    wait "$process" || ended=$?
    process=
    return "$ended"
}

on_exit() {
    status=$?
    trap - EXIT INT TERM
    stop_service || true
    if [ "$finished" = yes ] || [ "$status" = 130 ]; then
        rm -rf "$scratch"
    else
        if [ -s "$scratch/log" ]; then
            echo "demo: the service's last words:" >&2
            tail -n 15 "$scratch/log" | sed 's/^/  /' >&2
        fi
        rmdir "$scratch" 2>/dev/null || echo "demo: failed; what there is stays in $scratch" >&2
        [ "$status" != 0 ] || status=1
    fi
    exit "$status"
}
trap on_exit EXIT
trap 'exit 130' INT TERM

# --- What the terminal can show -----------------------------------------------------------------

live=no
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
    live=yes
fi
# Block characters only where the locale says they are understood.
case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
*UTF-8* | *utf8*) full='█' empty='░' blocks='▁▂▃▄▅▆▇█' ;;
*) full='#' empty='.' blocks=' .:-=+*#' ;;
esac
# From here on a number has a point, whatever the locale.
export LC_ALL=C

section() {
    printf '\n%s\n' "$*"
}

# repeat TEXT COUNT
repeat() {
    repeated=
    count=$2
    while [ "$count" -gt 0 ]; do
        repeated=$repeated$1
        count=$((count - 1))
    done
    printf '%s' "$repeated"
}

# --- Talking to the service ---------------------------------------------------------------------

# request FILE ARGUMENT...: curl, the reply's body into the file; a refusal ends the demo with the service's words.
request() {
    into=$scratch/$1
    shift
    curl --silent --show-error --fail-with-body --max-time 60 --output "$into" "$@" 2>"$scratch/curl" || {
        said=$(jq -r '.detail // empty, (.errors // [] | .[] | "  \(.pointer): \(.detail)")' "$into" 2>/dev/null || true)
        fail "$(cat "$scratch/curl")
$said"
    }
}

value() {
    jq -r "$2" "$scratch/$1"
}

start_service() {
    mkdir "$scratch/data"
    "$program" serve --listen 127.0.0.1:0 --data-dir "$scratch/data" --workers 1 >"$scratch/log" 2>&1 &
    process=$!
    left=200
    url=
    while [ -z "$url" ]; do
        url=$(sed -n 's|.*listening on \(http://127\.0\.0\.1:[0-9][0-9]*\).*|\1|p' "$scratch/log" | head -n 1)
        kill -0 "$process" 2>/dev/null || fail "the service did not start"
        left=$((left - 1))
        [ "$left" -gt 0 ] || fail "the service does not say that it listens after 20 seconds"
        [ -n "$url" ] || sleep 0.1
    done
}

# --- Showing a job ------------------------------------------------------------------------------

show_progress() {
    jq -r '[.status, (.progress.fraction // 0) * 100, .progress.epoch // 0, .progress.epochs // 0, .progress.step // 0,
            (.loss.last // "" | if type == "number" then tostring else "" end),
            (.validation.loss // "" | if type == "number" then tostring else "" end)] | join("|")' \
        "$scratch/job" >"$scratch/line"
    IFS='|' read -r status percent epoch epochs step loss validation <"$scratch/line"
    percent=${percent%%.*}
    filled=$((percent * 24 / 100))
    text=$(printf '  %s%s %3d %%  epoch %s/%s' "$(repeat "$full" "$filled")" "$(repeat "$empty" $((24 - filled)))" \
        "$percent" "$epoch" "$epochs")
    [ -z "$loss" ] || text="$text  loss $(printf '%.4f' "$loss")"
    [ -z "$validation" ] || text="$text  validation $(printf '%.4f' "$validation")"
    if [ "$live" = yes ]; then
        # To the line's beginning, the text, and what an earlier one left behind it erased.
        printf '\r%s\033[K' "$text"
    else
        printf '%s\n' "$text"
    fi
}

# Asks until the job has ended; the service is only asked, never waited on.
watch_job() {
    pause=0.1
    [ "$live" = yes ] || pause=0.7
    while :; do
        request job "$url/v1/jobs/$job"
        show_progress
        [ "$(value job .terminal)" != true ] || break
        sleep "$pause"
    done
    [ "$live" = no ] || echo
    [ "$status" = succeeded ] || fail "the job ended as $status: $(value job '.reason, .message')"
}

show_curve() {
    request curve "$url/v1/jobs/$job/curve?max_points=400&series=loss"
    # The mean of log(loss) in 64 buckets, lowest to highest as blocks.
    jq -r --arg blocks "$blocks" '
        [.series.loss[] | select(type == "number" and . > 0) | log] as $points
        | ([64, ($points | length)] | min) as $width
        | [range($width) as $i
           | $points[(($points | length) * $i / $width | floor):(($points | length) * ($i + 1) / $width | ceil)]
           | add / length] as $means
        | ($means | min) as $low | ($means | max) as $high
        | ($blocks | length - 1) as $top
        | "  " + ([$means[] | (if $high > $low then (. - $low) / ($high - $low) * $top else 0 end | round) as $k
                   | $blocks[$k:$k + 1]] | join(""))' "$scratch/curve"
    value curve '[.series.loss[] | numbers] | "  \(.[0] * 10000 | round / 10000) at the start, \(.[-1] * 10000 | round / 10000) at the end, on a logarithmic scale"'
}

show_predictions() {
    request rows "$url/v1/datasets/$dataset/rows?offset=0&limit=150"
    jq -c '{rows: [.rows[] | .[:4]]}' "$scratch/rows" >"$scratch/asked"
    request predictions --header 'Content-Type: application/json' --data-binary "@$scratch/asked" "$url/v1/jobs/$job/predict"
    # Two flowers of each species, then those it gets wrong.
    jq -r --slurpfile said "$scratch/predictions" '
        def cell(width): tostring | . + " " * ([width - length, 0] | max);
        [.rows, $said[0].predictions, $said[0].probabilities] | transpose
        | map({numbers: .[0][:4], truth: .[0][4], said: .[1], sure: (.[2] | max)})
        | . as $all
        | (["sepal length", "width", "petal length", "width", "predicted", "sure", "truth"],
           (($all[10, 30, 60, 80, 110, 140], ($all[] | select(.said != .truth)))
            | [.numbers[], .said, "\(.sure * 100 | round) %", .truth + (if .said == .truth then "" else "  <- wrong" end)]))
        | "  " + (.[0] | cell(14)) + (.[1] | cell(8)) + (.[2] | cell(14)) + (.[3] | cell(8)) + (.[4] | cell(12))
          + (.[5] | cell(7)) + .[6]' "$scratch/rows" >"$scratch/table"
    sed -n 1,7p "$scratch/table"
    right=$(jq -r --slurpfile said "$scratch/predictions" \
        '[[.rows, $said[0].predictions] | transpose[] | select(.[0][4] == .[1])] | length' "$scratch/rows")
    echo "  Of all 150 flowers, those trained on and those held out, it names $right right."
    if [ "$(wc -l <"$scratch/table")" -gt 7 ]; then
        echo "  The others:"
        sed -n '8,12p' "$scratch/table"
    fi
}

# --- The demonstration --------------------------------------------------------------------------

for tool in curl jq; do
    command -v "$tool" >/dev/null 2>&1 || fail "$tool is needed: make demo installs it"
done
[ -x "$program" ] || fail "there is no program $program: make builds it"

section "1. The service starts."
start_service
echo "  $("$program" --version | head -n 1), on $url, its data in $scratch (removed at the end)"

section "2. Data: 150 irises, four measurements and a species each."
request dataset --header 'Content-Type: text/csv' --data-binary "@$here/iris.csv" "$url/v1/datasets?name=iris"
dataset=$(value dataset .id)
value dataset '"  dataset \(.id): \(.rows) rows, columns \([.columns[].name] | join(", "))"'

section "3. A job: a small net, stochastic gradient descent, one flower a step, slow on purpose: there shall be something
   to watch."
cat >"$scratch/spec" <<SPEC
{"name": "iris",
 "model": {"type": "mlp", "hidden": [128, 64], "activation": "tanh"},
 "data": {"dataset": "$dataset", "target": "species",
          "validation": {"fraction": 0.2, "seed": 1}, "scaling": "standardize"},
 "optimizer": {"type": "sgd", "learning_rate": 0.00003, "schedule": "cosine"},
 "training": {"epochs": 6000, "batch_size": 1, "seed": 7, "max_seconds": 60}}
SPEC
sed 's/^/  /' "$scratch/spec"
request job --header 'Content-Type: application/json' --data-binary "@$scratch/spec" "$url/v1/jobs"
job=$(value job .id)
echo
watch_job

section "4. What came of it."
value job '"  \(.progress.step) steps over \(.progress.epoch) epochs, \(.model.parameters) parameters, ended as \(.status) (\(.reason))"'
value job '"  Accuracy on the flowers held out: \(.metrics.accuracy * 1000 | round / 10) %"'
[ "$(value job '.metrics.accuracy >= 0.9')" = true ] || fail "an accuracy below 90 % is not what this job reaches"

section "5. Predictions against the truth."
show_predictions

section "6. The loss, from first to last step."
show_curve

section "7. The same by hand."
cat <<WORDS
  make run                                             # serves on 127.0.0.1:8080 until Ctrl-C; then, elsewhere:
  curl -H 'Content-Type: text/csv' --data-binary @docs/demo/iris.csv '127.0.0.1:8080/v1/datasets?name=iris'
  curl -H 'Content-Type: application/json' 127.0.0.1:8080/v1/jobs -d '{"model": {"type": "softmax"},
       "data": {"dataset": "the id it gave", "target": "species", "validation": {"fraction": 0.2}}}'
  curl 127.0.0.1:8080/v1/jobs                          # and /v1/jobs/ID, …/curve, …/events, …/parameters

  README.md goes on from here; docs/api.md has every endpoint, docs/methods.md every optimizer, schedule and loss;
  curl 127.0.0.1:8080/v1/catalog tells the same to programs; docs/examples/train.c is the library without the service.
WORDS

stop_service || fail "the service did not end cleanly (status $ended)"
finished=yes
echo
