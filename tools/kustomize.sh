#!/usr/bin/env bash
# Builds kustomize, which checks the manifests in k8s/, from its source with Go.
#   tools/kustomize.sh .local/bin/kustomize
set -euo pipefail
cd "$(dirname "$0")/.."
version=v5.8.1
place=${1:?where it goes}
if ! command -v go >/dev/null; then
    echo "go is missing: the tests of k8s/ need kustomize $version, which Go builds;" \
        "install Go 1.24 or newer (https://go.dev/dl)" >&2
    exit 2
fi
echo "building kustomize $version"
mkdir -p "$(dirname "$place")"
GOBIN="$(realpath "$(dirname "$place")")" go install "sigs.k8s.io/kustomize/kustomize/v5@$version"
touch "$place"
