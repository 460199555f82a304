#!/bin/sh
# Builds the image and runs one job through it, as `make docker-test` does.
#
# Uses docker where its daemon answers, else podman; without either it says "skipped" and succeeds. The container
# runs with a read-only root, no capabilities and limits, published on a free port of 127.0.0.1. Checked: the user,
# the root and the capabilities; a job over HTTP until it succeeded; the health check; that a stop is clean and quick;
# and that the job is the same after a restart. Container, volume and image are removed again.
#
#   IMAGE=name      test this image instead of building one
#   KEEP_IMAGE=1    leave the built image behind
set -eu

cd "$(dirname "$0")/.."
base=debian:trixie-slim
image=${IMAGE:-descentd:test}
name=descentd-test-$$
scratch=$(mktemp -d)
engine=

say() {
    echo "docker-test: $*"
}

fail() {
    say "FAILED: $*" >&2
    if [ -n "$engine" ] && [ -e "$scratch/created" ]; then
        say "the container's log:" >&2
        "$engine" logs "$name" >&2 || true
    fi
    exit 1
}

clean_up() {
    if [ -n "$engine" ] && [ -e "$scratch/created" ]; then
        "$engine" rm -f "$name" >/dev/null 2>&1 || true
        "$engine" volume rm "$name" >/dev/null 2>&1 || true
    fi
    if [ -e "$scratch/built" ] && [ -z "${KEEP_IMAGE:-}" ]; then
        "$engine" rmi -f "$image" >/dev/null 2>&1 || true
    fi
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# --- The engine and the image ---------------------------------------------------------------

find_engine() {
    if command -v docker >/dev/null 2>&1 && timeout 20 docker info >/dev/null 2>&1; then
        engine=docker
    elif command -v podman >/dev/null 2>&1 && timeout 60 podman info >/dev/null 2>&1; then
        engine=podman
    else
        say "skipped: neither a docker daemon nor podman here"
        exit 0
    fi
    command -v curl >/dev/null 2>&1 || fail "curl is needed"
}

# The base image from this machine, from a registry, or made from Debian's packages.
find_base() {
    if "$engine" image inspect "$base" >/dev/null 2>&1; then
        return
    fi
    say "pulling $base"
    if timeout 300 "$engine" pull "$base" >"$scratch/pull" 2>&1; then
        return
    fi
    command -v mmdebstrap >/dev/null 2>&1 ||
        fail "$base cannot be pulled ($(tail -n 1 "$scratch/pull")) and mmdebstrap is not there to make it"
    say "no registry; making $base with mmdebstrap"
    mmdebstrap --variant=minbase trixie "$scratch/base.tar" >"$scratch/base" 2>&1 ||
        fail "mmdebstrap: $(tail -n 3 "$scratch/base")"
    "$engine" import "$scratch/base.tar" "$base" >/dev/null || fail "$engine import"
    rm -f "$scratch/base.tar"
}

build_image() {
    say "building $image with $engine"
    if [ "$engine" = podman ]; then
        # Chroot isolation needs no nested privileges; docker's format is the one that keeps HEALTHCHECK.
        podman build --isolation chroot --format docker -t "$image" -f docker/Dockerfile . \
            >"$scratch/build" 2>&1
    else
        docker build -t "$image" -f docker/Dockerfile . >"$scratch/build" 2>&1
    fi || {
        tail -n 40 "$scratch/build" >&2
        fail "the image does not build"
    }
    : >"$scratch/built"
}

# --- The container --------------------------------------------------------------------------

# A limit at which a process without CAP_SYS_RESOURCE can start too; podman would ask for more: 4096, or this shell's
# hard limit named $1 in /proc/self/limits if that is lower.
limit() {
    hard=$(sed -n "s/^Max $1  *[^ ]*  *\([^ ]*\) .*/\1/p" /proc/self/limits)
    if [ "$hard" = unlimited ] || [ "$hard" -gt 4096 ]; then echo 4096:4096; else echo "$hard:$hard"; fi
}

start_container() {
    : >"$scratch/created"
    set -- --name "$name" --read-only --tmpfs /tmp --cap-drop ALL \
        --security-opt no-new-privileges --pids-limit 256 --memory 1g \
        --ulimit "nofile=$(limit "open files")" --ulimit "nproc=$(limit processes)" \
        --publish 127.0.0.1::8080 --volume "$name:/data"
    if [ "$engine" = podman ]; then
        # podman schedules health checks with systemd timers; here the check is run by hand.
        set -- "$@" --health-interval disable
    fi
    "$engine" run --detach "$@" "$image" >/dev/null 2>"$scratch/run" ||
        fail "the container does not start: $(cat "$scratch/run")"
    find_port
}

find_port() {
    address=$("$engine" port "$name" 8080/tcp | head -n 1)
    case $address in
    127.0.0.1:*) ;;
    *) fail "published on \"$address\", not on 127.0.0.1" ;;
    esac
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    left=$(($1 * 5))
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.2
    done
}

http() {
    curl --silent --show-error --fail-with-body --max-time 10 "$@"
}

is_ready() {
    http "http://$address/readyz" >/dev/null 2>&1
}

is_healthy() {
    if [ "$engine" = podman ]; then
        podman healthcheck run "$name" >/dev/null 2>&1
    else
        [ "$(docker inspect --format '{{.State.Health.Status}}' "$name")" = healthy ]
    fi
}

check_confinement() {
    "$engine" exec "$name" cat /proc/1/status >"$scratch/status" || fail "exec in the container"
    grep -Eq '^Uid:[[:space:]]+65532[[:space:]]+65532' "$scratch/status" || fail "not user 65532"
    for set_name in CapPrm CapEff CapBnd; do
        grep -Eq "^$set_name:[[:space:]]+0+\$" "$scratch/status" || fail "$set_name is not empty"
    done
    grep -Eq '^NoNewPrivs:[[:space:]]+1' "$scratch/status" || fail "privileges can be gained"
    if "$engine" exec "$name" sh -c ': >/usr/local/bin/x || : >/x' 2>/dev/null; then
        fail "the root is writable"
    fi
}

# --- The job --------------------------------------------------------------------------------

# Three classes of flower, four measurements, 90 rows: the shape of iris, made by formula.
job_spec() {
    awk 'BEGIN {
        printf "{\"name\":\"container test\",\"model\":{\"type\":\"mlp\",\"hidden\":[8],\"activation\":\"tanh\"},"
        printf "\"data\":{\"inline\":{\"columns\":[\"a\",\"b\",\"c\",\"d\",\"species\"],\"rows\":["
        split("setosa versicolor virginica", species, " ")
        for (i = 0; i < 90; i++) {
            k = i % 3
            u = sin(i * 1.7); v = sin(i * 2.3 + 1); w = sin(i * 3.1 + 2)
            printf "%s[%.2f,%.2f,%.2f,%.2f,\"%s\"]", i ? "," : "", 5 + 0.8 * k + 0.3 * u,
                3.4 - 0.3 * k + 0.3 * v, 1.5 + 2 * k + 0.3 * w, 0.2 + 0.9 * k + 0.2 * u * v, species[k + 1]
        }
        printf "]},\"target\":\"species\",\"validation\":{\"fraction\":0.2},\"scaling\":\"standardize\"},"
        printf "\"optimizer\":{\"type\":\"adam\",\"learning_rate\":0.05},"
        printf "\"training\":{\"epochs\":20,\"batch_size\":16,\"seed\":7}}\n"
    }'
}

# member NAME FILE: the first string member of that name.
member() {
    grep -o "\"$1\": *\"[^\"]*\"" "$2" | head -n 1 | cut -d '"' -f 4
}

read_job() {
    http --output "$scratch/job" "http://$address/v1/jobs/$id"
}

is_terminal() {
    read_job || return 1
    case $(member status "$scratch/job") in
    succeeded | failed | cancelled) return 0 ;;
    *) return 1 ;;
    esac
}

run_job() {
    job_spec >"$scratch/spec.json"
    http --output "$scratch/job" --header 'Content-Type: application/json' \
        --data-binary "@$scratch/spec.json" "http://$address/v1/jobs" ||
        fail "the job was refused: $(cat "$scratch/job")"
    id=$(member id "$scratch/job")
    [ -n "$id" ] || fail "a job without an id: $(cat "$scratch/job")"
    wait_for 60 is_terminal || fail "the job did not end: $(cat "$scratch/job")"
    [ "$(member status "$scratch/job")" = succeeded ] || fail "the job: $(cat "$scratch/job")"
    digest=$(member digest "$scratch/job")
    [ -n "$digest" ] || fail "no digest: $(cat "$scratch/job")"
    say "job $id succeeded, digest $digest"
}

# --- What is checked ------------------------------------------------------------------------

find_engine
if [ -z "${IMAGE:-}" ]; then
    find_base
    build_image
fi
start_container
wait_for 30 is_ready || fail "not ready after 30 seconds"
check_confinement
run_job
wait_for 60 is_healthy || fail "the health check does not succeed"
say "confined, ready and healthy"

started=$(date +%s)
"$engine" stop -t 10 "$name" >/dev/null 2>&1 || fail "stop"
seconds=$(($(date +%s) - started))
code=$("$engine" inspect --format '{{.State.ExitCode}}' "$name")
[ "$code" = 0 ] || fail "exit status $code after a stop"
[ "$seconds" -lt 10 ] || fail "a stop took $seconds seconds"
"$engine" start "$name" >/dev/null 2>&1 || fail "start after a stop"
find_port
wait_for 30 is_ready || fail "not ready after a restart"
read_job || fail "the job is not there after a restart"
[ "$(member status "$scratch/job")" = succeeded ] || fail "after a restart: $(cat "$scratch/job")"
[ "$(member digest "$scratch/job")" = "$digest" ] || fail "another digest after a restart"
say "stopped cleanly, restarted, the job is unchanged"
say "passed with $engine"
