#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
. "${BASH_SOURCE[0]%/*}/recipe.sh"
recipe=$EXAMPLES/log_search/log_search

log='one\nstatus=503 $(touch pwned)\ntwo\n'
found='status=503 $(touch pwned)'
wanted=''
packed=()
printf %b "$log" >plain.log
for tool in gzip:gz xz:xz zstd:zst lz4:lz4; do
    if command -v "${tool%:*}" >/dev/null; then
        name="packed \$(touch pwned).${tool#*:}"
        "${tool%:*}" -c <plain.log >"$name"
        packed+=("$name")
        wanted+="$name"$'\t'"$found"$'\n'
    fi
done
wanted+="plain.log"$'\t'"$found"
printf 'nothing here\n' >quiet.log
gzip -c plain.log | head -c 30 >cut.gz # after the header, before the end

expect 'exit status' 0 "$(status_of "$recipe" 'status=5..' "${packed[@]}" plain.log quiet.log)"
expect 'what was found' "$wanted" "$(cat output)"
expect 'exit status without a match' 0 "$(status_of "$recipe" absent "${packed[@]}" plain.log)"
expect 'exit status with a damaged file' 1 "$(status_of "$recipe" absent cut.gz plain.log)"
grep -q 'cut.gz' output || fail 'the summary does not name the damaged file'
expect 'exit status with a bad pattern' 1 "$(status_of "$recipe" '[' plain.log)"
expect 'a pattern that looks like an option or a command' 0 "$(status_of "$recipe" '-n$(touch pwned)' plain.log)"
[[ ! -e pwned ]] || fail 'a name or a pattern was run as a command'
