#!/usr/bin/env bash
# Formatting, lint, types and import directions; all are run, then the first failure counts.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
step() {
    local name=$1
    shift
    if "$@"; then echo "ok      $name"; else echo "FAILED  $name"; failed=1; fi
}
step "format (ruff)" .venv/bin/ruff format --quiet --check .
step "lint (ruff)" .venv/bin/ruff check --quiet .
step "types (mypy)" .venv/bin/mypy --no-error-summary
step "import directions (import-linter)" .venv/bin/lint-imports --no-logo
exit $failed
