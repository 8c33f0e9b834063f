#: 47
AR 'exit {}' ::: 0 1 2 0
#: 47 150
seq 150 | AR 'exit 1; : {}'
#: 47 100
seq 100 | AR 'exit 1; : {}'
#: 48 127
AR --joblog l nosuchcmd ::: 1 2
echo $?
cut -f 7,8 l
#: 48 126
AR --joblog l {} ::: ./abc
echo $?
cut -f 7,8 l
#: 49
AR --nosuchopt echo ::: 1 >usage
#: 50
AR -j2 --halt now,fail=1 'sleep 0.{}; exit {}' ::: 3 9
#: 50 killed
AR -j2 --halt now,fail=1 {} ::: 'sleep 0.5; exit 4' 'sleep 20; touch late'
echo $?
ls
#: 51 soon
AR -j1 --halt soon,fail=1 'echo {}; exit {}' ::: 0 7 0
#: 51 success
AR -j1 --halt now,success=1 'echo {}; exit {}' ::: 1 2 0 4
#: 51 percent
AR -j1 --halt soon,fail=30% 'echo {}; exit {}' ::: 0 1 1 1 1 1 0 0 0 0
#: 51 percent, unmet
AR -j1 --halt soon,fail=50% 'echo {}; exit {}' ::: 0 1 0
#: 51 two
AR -j1 --halt soon,fail=2 'echo {}; exit {}' ::: 7 8 9
#: 51 done
AR -j1 --halt soon,done=2 'echo {}; exit {}' ::: 0 1 2 3
#: 51 done, one
AR -j1 --halt now,done=1 'echo {}; exit {}' ::: 7 8
#: 51 old 1
AR -j1 --halt 1 'echo {}; exit {}' ::: 0 7 0
#: 51 old 2
AR -j1 --halt 2 'echo {}; exit {}' ::: 0 7 0
#: 52 KILL
AR --halt now,fail=1 'kill -KILL $$; : {}' ::: 1
#: 52 SEGV
AR 'kill -SEGV $$; : {}' ::: 1 2
#: 53
AR -k --retries 3 --joblog l 'echo x >>runs-{}; exit {}' ::: 1 0
echo $?
wc -l runs-0 runs-1
log_rows
#: 54
AR --retries 2 'echo try; mkdir tried-{} 2>/dev/null && exit 1; echo good' ::: 1
#: 55
AR --timeout 1 --joblog l 'sleep {}' ::: 0 25
echo $?
log_rows
#: 57
AR --timeout 1 --joblog l 'trap "" TERM; while :; do sleep 0.1; done; : {}' ::: 1
echo $?
cut -f 7,8 l
#: 58
AR -j2 --timeout 300% 'sleep {}; echo {}' ::: 0.5 0.5 0.5 0.5 25 0.5 >out
echo $?
sort out
#: 60
begin=$(date +%s%N)
AR -j8 --delay 0.3 true ::: 1 2 3 4
test $(($(date +%s%N) - begin)) -ge 900000000
