#!/usr/bin/env bash
# Installs what `make doctor` misses from Debian's packages, where there are any.
#   tools/bootstrap.sh            what every command needs
#   tools/bootstrap.sh browser    Chromium, for the tests of the dashboard
set -euo pipefail

missing=()
if [[ ${1:-} == browser ]]; then
    command -v chromium >/dev/null || missing+=(chromium)
else
    command -v python3.11 >/dev/null || missing+=(python3.11 python3.11-venv)
    { command -v java >/dev/null && command -v javac >/dev/null; } || missing+=(openjdk-17-jdk-headless)
    command -v mvn >/dev/null || missing+=(maven)
    command -v gcc >/dev/null || missing+=(build-essential)
fi
if ((${#missing[@]} == 0)); then
    echo "nothing is missing"
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "apt-get is not here; install by your system's means: ${missing[*]}" >&2
    exit 2
fi
as_root=()
if ((EUID != 0)); then
    command -v sudo >/dev/null || {
        echo "neither root nor sudo; install as root: apt-get install ${missing[*]}" >&2
        exit 2
    }
    as_root=(sudo)
fi
echo "installing: ${missing[*]}"
"${as_root[@]}" apt-get update --quiet
"${as_root[@]}" apt-get install --quiet --yes --no-install-recommends "${missing[@]}"
