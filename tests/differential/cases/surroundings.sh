#: environment
AR -k -j1 'echo {} $PARALLEL_SEQ $PARALLEL_JOBSLOT' ::: a b
#: wd
mkdir d
AR -k --wd d 'pwd | grep -o "d$"; touch in{}' ::: 1 2
ls d
#: nice
AR --nice 5 'nice; : {}' ::: 1
#: load
AR -k --load 1000 echo ::: a b
#: memfree
AR -k --memfree 1k echo ::: a b
