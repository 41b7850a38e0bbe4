#!/usr/bin/env bash
# Installs checkers that come as Go programs into .local/bin, at the versions that stand here.
#   tools/go_tools.sh actionlint
# The Go module proxy's checksum database vouches for what is built. One that is there is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

module_of() {
    case $1 in
    actionlint) echo github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 ;;
    *)
        echo "go_tools.sh: $1 is none of: actionlint" >&2
        return 2
        ;;
    esac
}

(($#)) || {
    echo "usage: tools/go_tools.sh NAME…" >&2
    exit 2
}
for name in "$@"; do
    module=$(module_of "$name")
    mark=.local/bin/.$name-${module##*@}
    [[ -x .local/bin/$name && -f $mark ]] && continue
    command -v go >/dev/null || {
        echo "go is missing: it builds $name; install Go 1.25 or newer (https://go.dev/dl)" >&2
        exit 2
    }
    echo "building $name ${module##*@}"
    GOBIN=$PWD/.local/bin go install "$module"
    touch "$mark"
done
