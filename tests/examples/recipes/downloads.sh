#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Stopped and continued, with a server that fails at times: everything arrives, nothing that was there comes twice.
. "${BASH_SOURCE[0]%/*}/recipe.sh"
recipe=$EXAMPLES/downloads/download
PATH=$recipes/stubs:$PATH
export PATH SEED=${SEED:-1} CALLS=$work/calls HOLD=$work/hold

mkdir server
for name in {01..30}.bin 31-slow.bin $'it\'s $(touch pwned).bin'; do
    echo "content of $name" >"server/$name"
    echo "file://$work/server/$name" >>urls
done
echo "file://$work/server/late.bin" >>urls # is not there yet

# ^C while one is half done: the others are there before it.
touch "$HOLD"
set -m # else bash starts it with SIGINT ignored
"$recipe" urls files >first 2>&1 </dev/null &
for ((i = 0; i < 1000; ++i)); do
    (($(find files -name '*.bin' 2>/dev/null | wc -l) < 31)) || break
    sleep 0.05
done
expect 'files before it is stopped' 31 "$(find files -name '*.bin' | wc -l)"
kill -INT %1
status=0
wait %1 || status=$?
expect 'exit status when stopped' 130 "$status"
[[ ! -e files/31-slow.bin ]] || fail 'half a file has its name'
rm "$HOLD"

# Continued: what is there is not fetched again, what is not there fails.
: >"$CALLS"
expect 'exit status when continued' 1 "$(status_of "$recipe" urls files)"
grep -q 'late.bin' output || fail 'the summary does not name what failed'
expect 'what was fetched' $'31-slow.bin\nlate.bin' "$(sed 's|.*/||' "$CALLS" | sort -u)"
expect 'attempts for what is not there' 5 "$(grep -c late "$CALLS")"

# And again, with everything there, and more to do, in another order.
: >"$CALLS"
echo 'content of late.bin' >server/late.bin
echo 'content of new.bin' >server/new.bin
{ echo "file://$work/server/new.bin" && tac urls; } >more
expect 'exit status of the last' 0 "$(status_of "$recipe" more files)"
expect 'what was fetched at last' $'late.bin\nnew.bin' "$(sed 's|.*/||' "$CALLS" | sort -u)"
rm files/download.jsonl
diff -r server files || fail 'not the same files'
[[ ! -e pwned ]] || fail 'a URL was run as a command'
