#!/bin/sh
# build_base.sh COMMIT FOLDER: the library of that commit under this tree's measurements, as FOLDER/descent_peer.
#
# Kernels that the older tree has not are not asked for: the measurements use public headers and the product alone.
set -eu
commit=$(git rev-parse --verify "$1^{commit}")
folder=$2
if [ "$(cat "$folder/commit" 2>/dev/null)" != "$commit" ]; then
    rm -rf "$folder"
    mkdir -p "$folder/tree"
    git archive "$commit" | tar -x -C "$folder/tree"
    make --no-print-directory -C "$folder/tree" BUILD=build build/libdescent.a
fi
plain=
grep -q gd_trainer_run "$folder/tree/core/include/descent/training.h" || plain=-DWORKLOADS_WITHOUT_RUN
${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -pthread $plain -I"$folder/tree/core/include" -I"$folder/tree/core/src" -Itests \
    tests/bench/descent_peer.c tests/bench/workloads.c tests/bench/protocol.c "$folder/tree/build/libdescent.a" -lm \
    -o "$folder/descent_peer"
echo "$commit" >"$folder/commit"
