#!/bin/bash
# A node that is lost before the cluster is up: named, and within 10 s.
. "$(dirname "$0")/lib.sh"

box_up --nodes 4
begin_job 90 --nodes=4 -- bash -c "touch $scratch/granted; until [ -e $scratch/lost ]; do sleep 0.05; done
  TIMEFORMAT='took %R'; time atoll run -- $bin/examples/hello; echo code \$?"
check "four nodes are granted" await 20 test -e "$scratch/granted"
box kill n3
touch "$scratch/lost"
finish
took=$(awk '$1 == "took" { print $2 }' "$log")
check "a node that never comes up is named within 10 s, give or take one" \
  all_of 'says "^atoll: the cluster did not come up: .*n3"' 'says "^code 1"' 'took_less 12'
check "the nodes that are well are not blamed" all_of '! grep -qE "did not come up: .*n[124]" "$log"'
check_nothing_left "a failed start"
