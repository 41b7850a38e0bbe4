#!/usr/bin/env bash
# Are the jars that Maven fetched those that were tried? Maven pins versions and no contents.
#   tools/verify_jars.sh FOLDER...          below .local/jars, against jars.sha256
#   tools/verify_jars.sh --write FOLDER...  notes what is there as what is wanted
#   tools/verify_jars.sh --below PLACE ...  the same for folders that lie elsewhere
set -euo pipefail
cd "$(dirname "$0")/.."
list=$PWD/jars.sha256
usage="usage: tools/verify_jars.sh [--write] [--below PLACE] FOLDER..."
write='' place=.local/jars
while [[ ${1:-} == --* ]]; do
    case $1 in
        --write) write=1 ;;
        --below) place=${2:?"$usage"} && shift ;;
        *) echo "$usage" >&2 && exit 2 ;;
    esac
    shift
done
(($# > 0)) || { echo "$usage" >&2; exit 2; }

# What is built here lies beside what it runs on, and has other contents each time: it is put there
# after the comparison, and never noted.
found() {
    (cd "$place" && for folder in "$@"; do
        find "$folder" -type f ! -name '.*' ${write:+! -name 'paystream-*.jar'} -print0
    done | LC_ALL=C sort -z | xargs -0 --no-run-if-empty sha256sum)
}
wanted() {
    for folder in "$@"; do grep -E "^[0-9a-f]{64}  $folder/" "$list" || true; done | LC_ALL=C sort -k 2
}

if [[ $write ]]; then
    others=$(for folder in "$@"; do printf ' -e ^[0-9a-f]{64}..%s/' "$folder"; done)
    # shellcheck disable=SC2086 # a list of patterns
    kept=$(grep -vE $others "$list" 2>/dev/null || true)
    { [[ -z $kept ]] || printf '%s\n' "$kept"; found "$@"; } | LC_ALL=C sort -k 2 >"$list.new"
    mv "$list.new" "$list"
    exit 0
fi
if ! difference=$(diff <(wanted "$@") <(found "$@")); then
    echo "jars differ from jars.sha256 (< wanted, > fetched):" >&2
    printf '%s\n' "$difference" | grep '^[<>]' >&2
    echo "a new version: 'make jars-lock'; else: do not use them" >&2
    exit 1
fi
