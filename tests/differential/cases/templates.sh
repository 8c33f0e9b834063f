#: 21
AR -k echo '{},{.},{/},{//},{/.},{#}' ::: a/b.c/d.tar.gz plain .hidden dir.d/file /abs/x.jpg x/
#: 22
AR -k echo '1={1} b={1/} last={-1} none=[{3}]' ::: p/A.x ::: B
#: 22 parts
AR -k echo '{1.} {-1/} {2//} {2/.}' ::: a/b.c .hidden x/ :::+ /abs/x.jpg dir.d/file plain
#: 23 -N3
AR -k -N3 echo '1={1} 2={2} 3={3}' ::: A B C D
#: 23 -n2
AR -k -n2 echo ::: A B C
#: 23 -N0
AR -N0 echo foo ::: 1 2
#: 24
AR -j1 -X echo pre-{}-post ::: A B C
#: 24 spread over the slots
AR -k -j4 -X echo ::: 1 2 3 4 5 6 7 8 9 10
#: 25
AR --plus -k echo '{##} {0#} {..} {%.jpg} {:1:2} {/b/X}' ::: abc.tar.gz aax.jpg
#: 25 more
AR --plus -k echo '{1..} {2:1} {2%.gz} {^a} {^^[a-c]} {,,A} {:-d} {+/} {+.} {/..}' ::: d/a.b.c ::: xAx.gz ''
#: 26 -I
AR -I ,, echo ,, ::: A/B.C
#: 26 --trim
AR --trim lr echo pre-{}-post ::: ' A '
#: 27
AR -k -0 "printf '<%s>' {}" <hostile
#: 30
printf '#!/bin/sh\nprintf "<%%s>" "$@"\n' >convert
chmod +x convert
PATH=$PWD:$PATH
AR -k --dry-run 'convert {} {.}.png' ::: 'x y.jpg' "it's" >script
wc -l <script
sh script
AR -k 'convert {} {.}.png' ::: 'x y.jpg' "it's"
#: 31
AR -q echo '$HOME' {} ::: 'x y'
#: 32
AR -j2 'test {%} = $PARALLEL_JOBSLOT && mkdir slot{%} && sleep 0.1 && rmdir slot{%}' ::: 1 2 3 4 5 6
echo $?
ls
#: 33 -t
AR -t echo ::: A 2>&1 >/dev/null
#: 33 -v
AR -v echo ::: A
