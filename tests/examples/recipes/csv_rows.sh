#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
. "${BASH_SOURCE[0]%/*}/recipe.sh"
recipe=$EXAMPLES/csv_rows/remind

expect 'exit status' 0 "$(status_of "$recipe" "$EXAMPLES/csv_rows/customers.csv" letters)"
expect 'letters' $'1.txt\n2.txt\n3.txt' "$(ls letters)"
expect 'quoted cells' $'Dear O\'Brien, Pat in Cork, Ireland,\n\nyou owe us 7.' "$(cat letters/2.txt)"
expect 'quotes in cells' $'Dear "Bob" in Bonn,\n\nyou owe us 0.' "$(cat letters/3.txt)"

cat >hostile.csv <<'END'
owes,city,name,id
$(touch pwned),"two
lines","; touch pwned; '""",-n
`touch pwned`,,*,a b
END
expect 'exit status' 0 "$(status_of "$recipe" hostile.csv hostile)"
expect 'columns in another order' $'Dear ; touch pwned; \'" in two\nlines,\n\nyou owe us $(touch pwned).' "$(cat hostile/-n.txt)"
expect 'an empty cell' $'Dear * in ,\n\nyou owe us `touch pwned`.' "$(cat 'hostile/a b.txt')"
[[ ! -e pwned ]] || fail 'a cell was run as a command'
