#!/usr/bin/env bash
# Installs what `make doctor` misses from Debian's packages, where there are any.
#   tools/bootstrap.sh            what every command needs; Go for `make test`, if Debian's will do
#   tools/bootstrap.sh browser    Chromium, for the tests of the dashboard
set -euo pipefail

# What tools/kustomize.sh builds asks for it.
go_needed=1.24
missing=() lacks_go=
if [[ ${1:-} == browser ]]; then
    command -v chromium >/dev/null || missing+=(chromium)
else
    command -v python3.11 >/dev/null || missing+=(python3.11 python3.11-venv)
    { command -v java >/dev/null && command -v javac >/dev/null; } || missing+=(openjdk-17-jdk-headless)
    command -v mvn >/dev/null || missing+=(maven)
    command -v gcc >/dev/null || missing+=(build-essential)
    command -v go >/dev/null || lacks_go=yes
fi

# Nothing but `make test` needs Go: that it is missing is said, and is no failure.
say_of_go() {
    echo "go is missing: make test builds checkers with it, and nothing else needs it;" \
        "install Go $go_needed or newer (https://go.dev/dl)"
}
cannot() {
    [[ -z $lacks_go ]] || say_of_go
    ((${#missing[@]})) || exit 0
    echo "$1 ${missing[*]}" >&2
    exit 2
}

if ((${#missing[@]} == 0)) && [[ -z $lacks_go ]]; then
    echo "nothing is missing"
    exit 0
fi
command -v apt-get >/dev/null || cannot "apt-get is not here; install by your system's means:"
as_root=()
if ((EUID != 0)); then
    command -v sudo >/dev/null || cannot "neither root nor sudo; install as root: apt-get install"
    as_root=(sudo)
fi
"${as_root[@]}" apt-get update --quiet
if [[ -n $lacks_go ]]; then
    version=$(apt-cache policy golang-go | sed -n 's/^ *Candidate: //p')
    # Debian writes 1.24~2, which is older than 1.24 and newer than 1.24~.
    if [[ $version == [0-9]* ]] && dpkg --compare-versions "${version#*:}" ge "$go_needed~"; then
        missing+=(golang-go)
        lacks_go=
    fi
fi
if ((${#missing[@]})); then
    echo "installing: ${missing[*]}"
    "${as_root[@]}" apt-get install --quiet --yes --no-install-recommends "${missing[@]}"
fi
[[ -z $lacks_go ]] || say_of_go
