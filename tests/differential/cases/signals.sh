#: 72
AR -j2 'touch ran{}; sleep 2; echo {}' ::: 1 2 3 >out &
until_ '[ -e ran1 ] && [ -e ran2 ]'
kill -HUP $!
wait $!
sort out
#: 77
printf '1\n2\n3\n' >three
while read -r x; do
    AR 'echo {}' ::: a </dev/null
    echo "$x"
done <three
