#: 34
AR -k -j4 'sleep 0.{}; echo {}' ::: 4 3 2 1
#: 35
# Each job has a letter for either stream, and takes turns.
AR -j4 '
    for n in 1 2 3 4; do
        head -c 100000 /dev/zero | tr "\0" {1}
        head -c 100000 /dev/zero | tr "\0" {2} >&2
    done
    echo
    echo >&2' ::: a b c d e f :::+ A B C D E F 2>errors | tr -s a-z | sort
tr -s A-Z <errors | sort
#: 36
AR 'echo out; echo err >&2; : {}' ::: 1 2>errors >out
echo $?
cat out; echo; cat errors
#: 37
AR -k --tag echo ::: A ::: x y
#: 37 string
AR -k --tagstring 'T{#}' echo ::: x y
#: 37 errors
AR -k --tag 'echo {} >&2; echo' ::: x y 2>&1 >/dev/null
#: 38
AR -j2 --lb 'printf {}-a; sleep 0.{}; echo; echo {}-b' ::: 9 1
#: 38 -k
# The first job goes on when its first line was seen.
AR -j2 -k --lb 'echo {}; {}' ::: 'until_ "test -e seen"' 'echo b' | {
    read -r line
    touch seen
    echo "$line"
    cat
}
#: 39
AR -k printf %s ::: a b c
#: 44
mkdir small
unshare -rm sh -c '
    mount -t tmpfs -o size=1m none small &&
    AR --tmpdir small "head -c 3000000 /dev/zero; : {}" ::: 1 >out
    test $? = 255 && echo refused'
#: 45
mkdir t
AR --tmpdir t -j2 'head -c 3000000 /dev/zero; touch ran{}; while [ -e abc ]; do sleep 0.1; done' ::: 1 2 >out &
until_ '[ -e ran1 ] && [ -e ran2 ]'
ls t
kill -9 $!
wait $!
echo $?
ls t
rm abc
