#!/usr/bin/env bash
# Installs what `make doctor` misses from Debian's packages, where there are any.
#   tools/bootstrap.sh            what every command needs; Go for `make test`, if Debian's will do
#   tools/bootstrap.sh browser    Chromium, for the tests of the dashboard
set -euo pipefail

# What tools/kustomize.sh builds asks for it.
go_needed=1.24
# The questions of stack/doctor.py: a name on PATH can be a Python without venv, or another Java.
java_first=17 java_last=23
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
has_python() { python3.11 -c "import venv, ensurepip" >/dev/null 2>&1; }
has_java() {
    local said major
    said=$("$java" -version 2>&1) && "${java}c" -version >/dev/null 2>&1 || return 1
    # Java 8 called itself 1.8.
    [[ $said =~ version\ \"(1\.)?([0-9]+) ]] || return 1
    major=${BASH_REMATCH[2]}
    ((major >= java_first && major <= java_last))
}

missing=() lacks_go=
if [[ ${1:-} == browser ]]; then
    command -v chromium >/dev/null || missing+=(chromium)
else
    has_python || missing+=(python3.11 python3.11-venv)
    has_java || missing+=(openjdk-17-jdk-headless)
    command -v mvn >/dev/null || missing+=(maven)
    command -v make >/dev/null || missing+=(make)
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
# Installed, and another one is still asked first: only who set that can change it.
if [[ ${missing[*]} == *openjdk* ]] && ! has_java; then
    echo "'$java' is still no JDK $java_first to $java_last:" \
        "let JAVA_HOME point to openjdk-17 or unset it, and put no other java first on PATH" >&2
    exit 2
fi
