#!/usr/bin/env bash
# Gives `paystream deploy` what CI has: images by digest as files of NAME=IMAGE, and the login to the
# cluster in KUBECONFIG_TEXT, which lies in a file of this user alone for as long as it takes.
#   tools/deploy.sh OVERLAY FOLDER_OF_DIGESTS
# Exit codes are those of `paystream deploy`.
set -euo pipefail
cd "$(dirname "$0")/.."
overlay=${1:?name of an overlay} digests=${2:?folder of digests}
if [[ -z ${KUBECONFIG_TEXT:-} ]]; then
    echo "KUBECONFIG_TEXT is empty: set the secret KUBECONFIG of the environment" >&2
    exit 2
fi

images=()
for file in "$digests"/*; do
    [[ -f $file ]] || {
        echo "no digests in $digests: which images?" >&2
        exit 2
    }
    images+=(--image "$(<"$file")")
done

login=$(mktemp -d)
trap 'rm -rf "$login"' EXIT
(umask 077 && printf '%s\n' "$KUBECONFIG_TEXT" >"$login/config")
unset KUBECONFIG_TEXT
export KUBECONFIG=$login/config
code=0
.venv/bin/paystream deploy "k8s/overlays/$overlay" "${images[@]}" --out "deployments/$overlay" || code=$?
exit "$code"
