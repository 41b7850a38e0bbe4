#!/usr/bin/env bash
# Unpacks Debian's Prometheus, with promtool, into a folder; nothing is installed.
#   tools/prometheus.sh FOLDER
set -euo pipefail

folder=$(realpath --canonicalize-missing "${1:?a folder to unpack into}")
if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
        echo "prometheus and promtool are on PATH, and are used from there"
        mkdir -p "$folder"
        exit 0
    fi
    echo "this is no Debian: put prometheus and promtool on PATH" >&2
    exit 2
fi
draft=$(mktemp --directory)
trap 'rm -rf "$draft"' EXIT
cd "$draft"
# As root, apt would read as a user of its own, who may not write here.
apt-get download --quiet --option APT::Sandbox::User=root prometheus >/dev/null || {
    echo "the package prometheus cannot be had; is there a network, and is 'apt-get update' due?" >&2
    exit 2
}
rm -rf "$folder"
mkdir -p "$folder"
dpkg -x prometheus_*.deb "$folder"
"$folder/usr/bin/promtool" --version | head -1
