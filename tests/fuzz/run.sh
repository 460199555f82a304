#!/bin/sh
# run.sh FUZZER SECONDS FOLDER [TARGET...]: each target for so many seconds, one after the other; called by `make fuzz`.
#
# FOLDER/corpus grows from run to run, findings go to FOLDER/findings and end the run with status 1. What was mended belongs,
# as a small file with a name that says what it was, into tests/fuzz/corpus/<target>.
set -u
fuzzer=$1 seconds=$2 folder=$3
shift 3
cd "$(dirname "$0")/../.." || exit 2
[ $# -gt 0 ] || set -- $(sed -n 's/^ *X(\([a-z0-9_]*\)).*/\1/p' tests/fuzz/fuzz.h)
status=0
for target in "$@"; do
    mkdir -p "$folder/corpus/$target" "$folder/findings" || exit 2
    log="$folder/$target.log"
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 FUZZ_TARGET="$target" "$fuzzer" \
        -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 -use_value_profile=1 -entropic=0 \
        -artifact_prefix="$folder/findings/$target-" "$folder/corpus/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1
    code=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ $code -eq 0 ]; then
        echo "fuzz: $target: ${runs:-0} executions in $seconds s, no finding"
    else
        echo "fuzz: $target: a finding after ${runs:-some} executions, see $log:" >&2
        grep -E 'does not hold|ERROR|runtime error|Test unit written' "$log" | head -n 5 >&2
        status=1
    fi
done
exit $status
