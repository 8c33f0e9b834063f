#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
. "${BASH_SOURCE[0]%/*}/recipe.sh"
recipe=$EXAMPLES/transcode_tree/transcode_tree

for folder in from from/a "from/b c/\$(touch pwned)" $'from/new\nline'; do
    mkdir -p "$folder"
    for name in "${hostile_names[@]}"; do
        printf 'caf\xe9 %s\n' x >"$folder/$name"
    done
done
echo untouched >from/picture.jpg

expect 'exit status' 0 "$(status_of "$recipe" from to)"
(cd from && find . -name '*.txt' -print0 | sort -z) >wanted
(cd to && find . -type f -print0 | sort -z) >found
cmp wanted found || fail 'not the same tree'
expect 'number of files' 48 "$(tr -dc '\0' <found | wc -c)"
while IFS= read -r -d '' file; do
    expect "$file" 'café x' "$(cat "to/$file")"
done <found
[[ -z $(find . -name pwned) ]] || fail 'a name was run as a command'

# A file that cannot be written fails alone.
mkdir -p to2/a/plain.txt
expect 'exit status' 1 "$(status_of "$recipe" from/a to2/a)"
grep -q 'plain.txt' output || fail 'the summary does not name the file that failed'
expect 'the others' 11 "$(find to2/a -maxdepth 1 -type f -name '*.txt' -print0 | tr -dc '\0' | wc -c)"
