#!/usr/bin/env bash
# The tests in their order, each part with its time: fast ones first, the real stack last.
#   tools/test.sh quick|full
set -uo pipefail
cd "$(dirname "$0")/.."
mode=${1:?quick or full}
began=$SECONDS
failed=()

part() {
    local name=$1 start=$SECONDS
    shift
    echo
    echo "== $name"
    "$@" || failed+=("$name")
    echo "== $name: $((SECONDS - start)) s"
}

pytest() { .venv/bin/python -m pytest -q --durations=25 --durations-min=5 "$@"; }

# The pages are drawn by a real browser, which this fetches where apt can.
in_browser() { bash tools/bootstrap.sh browser && pytest -m browser; }

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
part "the dashboard in Chromium" in_browser
part "on real Kafka and Flink" pytest "${stack[@]}"
echo
if ((${#failed[@]})); then
    printf 'FAILED after %d s: %s\n' "$((SECONDS - began))" "$(IFS=,; echo "${failed[*]}")"
    exit 1
fi
printf 'all passed in %d s\n' "$((SECONDS - began))"
