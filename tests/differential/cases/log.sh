#: 61
AR --joblog l 'exit {}' ::: 1 2 3 0
echo $?
head -n 1 l
log_rows
cut -f 2 l | sort -u
awk -F '\t' '{ print NF }' l
#: 61 received
AR -k --joblog l 'echo {}' ::: a bcd
sort -n l | cut -f 1,6
#: 61 signal
AR --joblog l 'kill -{} $$' ::: 9 11 15
sort -n l | cut -f 1,8,9
#: 65
AR --joblog none/l 'touch ran; : {}' ::: 1
echo $?
ls
#: 65 +
AR --joblog +l 'exit {}' ::: 1
AR --joblog +l 'exit {}' ::: 2
grep -v Seq l | cut -f 1,7,9
