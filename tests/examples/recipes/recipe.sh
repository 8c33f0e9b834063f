# SPDX-License-Identifier: MIT
# What the tests of the recipes begin with: aiomisc-run is in PATH, and EXAMPLES is their folder.
set -euo pipefail

recipes=$(realpath "${BASH_SOURCE[0]%/*}")
work=$(mktemp -d)
trap 'kill -KILL $(jobs -p) 2>/dev/null || :; cd / && rm -rf "$work"' EXIT
cd "$work"

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# expect WHAT WANTED FOUND
expect() {
    [[ $2 == "$3" ]] || fail "$1: expected $(printf %q "$2"), found $(printf %q "$3")"
}

# status_of COMMAND...: what it exits with; its output goes to the file `output`.
status_of() {
    local status=0
    "$@" >output 2>&1 </dev/null || status=$?
    echo $status
}

# Names that break what puts them into the text of a shell, or splits them.
readonly hostile_names=(
    'plain.txt' 'with  blanks .txt' '-n.txt' '$(touch pwned).txt' '`touch pwned`.txt' '; touch pwned #.txt'
    "it's \"quoted\".txt" '{}{.}.txt' 'back\slash.txt' '*.txt' $'new\nline.txt' $'\xe9\xff.txt'
)
