#!/usr/bin/env bash
# Did the workflow `image` build this, on main, from this commit; and, for production, did staging hold
# it? Asked of GitHub before anything of that commit runs beside the login to a cluster: number and
# commit are typed by hand, and a pull request's run has both, too.
#   tools/built_by.sh RUN COMMIT OVERLAY
# Exit code 2 if not.
set -euo pipefail
run=${1:?number of a run} commit=${2:?commit} overlay=${3:?name of an overlay}
refuse() {
    echo "run $run: $*" >&2
    exit 2
}
[[ $run =~ ^[0-9]+$ ]] || refuse "that is no number of a run"
[[ $commit =~ ^[0-9a-f]{40}$ ]] || refuse "'$commit' is no whole commit, 40 digits"

said=$(gh api "repos/$GITHUB_REPOSITORY/actions/runs/$run" \
    --jq '[.path, .event, .head_branch, .head_sha, .conclusion // "none"] | @tsv')
IFS=$'\t' read -r path event branch sha conclusion <<<"$said"
# With or without the ref that the workflow was of.
[[ ${path%%@*} == .github/workflows/image.yml ]] || refuse "it is one of $path, not of image.yml"
[[ $event == push && $branch == main ]] || refuse "it is of a $event on $branch, not of a push on main"
[[ $sha == "$commit" ]] || refuse "it built $sha, not $commit"
# Its last job is staging; the run that deploys there is still under way.
[[ $overlay != production || $conclusion == success ]] ||
    refuse "it ended with $conclusion: what staging did not hold does not go to production"
