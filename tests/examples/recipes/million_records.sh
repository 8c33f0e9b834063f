#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fewer than a million, and the last block is not full.
. "${BASH_SOURCE[0]%/*}/recipe.sh"
job=$EXAMPLES/million_records/check_orders.cpp

seq 20300 | awk '{ print $1 ";" ($1 % 5000 == 7 ? "" : "c" $1 % 1000) ";" $1 % 9973 + 1 }' >orders.csv
aiomisc-run -k -n 1000 "$job" order={} <orders.csv >found
expect 'what is wrong' '7;;8: there is no customer
5007;;5008: there is no customer
10007;;35: there is no customer
15007;;5035: there is no customer
20007;;62: there is no customer' "$(cat found)"

# Every record is looked at, and once.
sed 's/;[0-9]*$/;none/' orders.csv | aiomisc-run -k -n 1000 "$job" order={} >found
expect 'number of complaints' 20300 "$(wc -l <found)"
cut -d ';' -f 1 found >ids
seq 20300 | cmp - ids || fail 'not the order of the input'
