#!/usr/bin/env bash
# The tests in their order, each part with its time: fast ones first, the real stack last.
#   tools/test.sh quick|full
set -uo pipefail
cd "$(dirname "$0")/.."
mode=${1:?quick or full}
began=$SECONDS
failed=()

# Each part is a process group of its own, because a shell that waits hears of TERM only when what it
# waits for has ended. Asked to stop, it stops the part as Ctrl-C would, so that pytest takes down the
# servers that it started, and waits for that.
set -m
running=
stop() {
    trap '' INT TERM
    if [[ $running ]]; then
        kill -INT -- "-$running" 2>/dev/null
        while kill -0 -- "-$running" 2>/dev/null; do sleep 0.2; done
    fi
    printf '\nstopped after %d s\n' "$((SECONDS - began))"
    exit "$1"
}
trap 'stop 130' INT
trap 'stop 143' TERM

part() {
    local name=$1 start=$SECONDS
    shift
    echo
    echo "== $name"
    "$@" &
    running=$!
    wait "$running" || failed+=("$name")
    running=
    echo "== $name: $((SECONDS - start)) s"
}

pytest() { .venv/bin/python -m pytest -q --durations=25 --durations-min=5 "$@"; }

not_full=(-m "not stack and not slow and not browser")
# One process: two stacks at once hold each other up on two cores, and sessions and heartbeats miss
# their times.
stack=(-m "stack and not slow")
if [[ $mode == full ]]; then
    not_full=(-m "not stack and not browser")
    stack=(-m stack)
fi
part "checks" bash tools/check.sh
part "unit, property, contract, doctests, references and mutants" pytest -n 2 "${not_full[@]}"
# The pages are drawn by a real browser, which this fetches where apt can. It may ask for a password,
# which what runs in the background cannot.
if bash tools/bootstrap.sh browser; then
    part "the dashboard in Chromium" pytest -m browser
else
    failed+=("the dashboard in Chromium: no browser")
fi
part "on real Kafka and Flink" pytest "${stack[@]}"
echo
if ((${#failed[@]})); then
    printf 'FAILED after %d s: %s\n' "$((SECONDS - began))" "$(IFS=,; echo "${failed[*]}")"
    exit 1
fi
printf 'all passed in %d s\n' "$((SECONDS - began))"
