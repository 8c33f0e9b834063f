#: 72
AR -j2 'touch ran{}; sleep 2; echo {}' ::: 1 2 3 >out &
until_ '[ -e ran1 ] && [ -e ran2 ]'
kill -HUP $!
wait $!
sort out
#: 73
AR -j2 'touch ran{}; while [ -e abc ]; do sleep 0.05; done; echo {}' ::: 1 2 >out 2>errors &
until_ '[ -e ran1 ] && [ -e ran2 ]'
kill -USR1 $!
until_ 'grep -qs ran2 errors'
rm abc
wait $!
echo $?
sort out
grep -c ran errors
#: 77
printf '1\n2\n3\n' >three
while read -r x; do
    AR 'echo {}' ::: a </dev/null
    echo "$x"
done <three
