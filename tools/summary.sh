#!/usr/bin/env bash
# Puts the newest Markdown page of a kind of results where a reader of the run sees it.
#   tools/summary.sh FOLDER FILE     e.g. tools/summary.sh gates summary.md
# On GitHub that is the run's summary, else the terminal. A run that ended before it wrote one says so.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?folder of results} file=${2:?name of the page}
out=${GITHUB_STEP_SUMMARY:-/dev/stdout}
newest=
for page in "$folder"/*/"$file"; do
    # Folders are named by their time: the last name is the newest.
    [[ -f $page ]] && newest=$page
done
if [[ -z $newest ]]; then
    echo "No $file in $folder/: the run ended before it was written. Its log says why." >>"$out"
    exit 0
fi
cat "$newest" >>"$out"
