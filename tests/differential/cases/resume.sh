#: 62
AR --joblog l 'exit {}' ::: 1 2 3 0
AR --resume --joblog l 'exit {}' ::: 1 2 3 0 0 0
echo $?
log_rows
AR --resume-failed --joblog l 'exit {}' ::: 1 2 3 0 0 0
echo $?
log_rows
#: 63
AR -j1 -k --joblog l 'echo {}; exit {}' ::: 0 1 0
AR -k --resume-failed --joblog l 'echo {}; exit {}' ::: 0 1 0 5
echo $?
#: 64
AR -j1 --joblog l 'echo {}; test -e again || exit {}' ::: 0 1 2
touch again
AR -k --retry-failed --joblog l
echo $?
log_rows
