# GNU parallel does not print what it keeps in files, and has no folder for '' and '..'; we quote every field of a table.
# Since 2023 it writes / as +z and leaves a backslash alone; we write \_ and \\ as it did before.
#: 40
AR --results r 'echo {1}{2}; echo e >&2' ::: I ::: a/b >out 2>errors
find r | sort | sed 's,+z,\\_,'
cat r/1/I/2/*/stdout r/1/I/2/*/stderr r/1/I/2/*/seq
#: 40 names
AR -k --results r 'echo {1}{2}' ::: x 'a b' 'a/b\x' ::: 1 2 >out
find r | sort | xargs -d '\n' grep -sH '' | sed 's,+z,\\_,; s,\\\\x,\\x,'
#: 42
AR -j1 --results o.csv 'echo "{} \"q\", "; echo e >&2' ::: I J >out 2>errors
cut -d , -f 1,2 o.csv | head -n 2
grep -c '' o.csv
#: 42 tsv
AR -j1 --results o.tsv "printf %s {}; exit 3" ::: I J >out
cut -f 1,2,7,8,10,11,12 o.tsv | tr -d '"'
#: files
AR -k --files echo ::: a b >names
wc -l <names
xargs cat <names
