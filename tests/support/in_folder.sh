#!/bin/sh
# in_folder.sh COMMAND...: runs it with TEST_DIRECTORY, a folder that is removed when it ends. Those of runs that were killed
# are removed before.
for old in /tmp/descentd-run-*; do
    if [ -d "$old" ] && ! kill -0 "${old##*-}" 2>/dev/null; then rm -rf "$old" 2>/dev/null; fi
done
TEST_DIRECTORY=/tmp/descentd-run-$$
export TEST_DIRECTORY
# Tests that give up their rights make folders in it too.
mkdir "$TEST_DIRECTORY" && chmod 1777 "$TEST_DIRECTORY" || exit 2
trap 'rm -rf "$TEST_DIRECTORY"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$@"
