#: 1
AR -k echo ::: A B C
#: 2 stdin
AR -k echo < abc
#: 2 -a
AR -k -a abc echo
#: 2 ::::
AR -k echo :::: abc
#: 3
AR -k echo ::: A B ::: 1 2 3
#: 4
AR -k echo :::: - def < abc
#: 5
AR -k --link echo ::: A B C D E ::: F G
#: 5 and :::+
AR -k --link echo ::: A B C :::+ 1 2 ::: x
#: 6
AR -k echo ::: A B C D E :::+ F G
#: 6 mixed
AR -k echo :::: abc :::+ G H I :::: def
#: 6 ::::+
AR -k echo ::: 1 2 3 4 ::::+ abc ::: x y
#: 7
printf 'A\0B\nC\0' | AR -k -0 echo '[{}]'
#: 8
printf 'A_B_C' | AR -k -d _ echo '[{}]'
printf 'A_B_C_' | AR -k -d _ echo '[{}]'
#: 9
printf 'a\nb' | AR -k echo
#: 10
printf '1\n\n2\n' | AR -k echo '[{}]'
#: 10 -r
printf '1\n\n2\n' | AR -k -r echo '[{}]'
#: 10 -r pairs
AR -k -r echo ::: a '' b :::+ 1 2 3
#: 11
: | AR echo X
#: 12
AR -k -E stop echo ::: A B stop C
#: 15
AR -a nofile echo
#: 16
AR -k --arg-sep ,, echo ,, A B
#: 16 files
AR -k --arg-file-sep ,, echo ,, abc def
#: 17
printf 'a\r\n' | AR echo | od -c
#: 18
printf 'echo one; echo two\nfalse\n' | AR -k
#: 18 :::
AR -k ::: 'echo a' 'echo b | tr b c'
#: 14
printf 'name\tage\nbob\t7\n' | AR -k --header : echo '{name}/{age}'
#: 14 columns
printf ' a , b \n c ,d,e\n' | AR -k -C , echo '[{1}] [{2}] [{3}] {-1} {2.}'
