#!/bin/bash
# Several clusters at once on the same nodes, in two jobs and in one.
. "$(dirname "$0")/lib.sh"
program=$bin/tests/cluster/faults

box_up --nodes 3
words="atoll run -- $program hold $scratch/stop"
begin_job 90 --nodes=3 --cpus-per-task=2 -- bash -c "$words"
first=$running first_log=$log
log=$scratch/log2
begin_job 90 --nodes=3 --cpus-per-task=2 -- bash -c "$words"
held() { [ "$(grep -c '^holds' "$1")" = 12 ]; }
check "two jobs have a cluster each on the same three nodes" await 40 all_of "held $first_log" "held $log"
touch "$scratch/stop"
finish
check "one ends well" all_of 'status_is 0' 'says "^12 left, tasks sum to 820"'
running=$first log=$first_log
finish
check "so does the other" all_of 'status_is 0' 'says "^12 left, tasks sum to 820"'
check_nothing_left "two clusters"

job 60 --nodes=3 --cpus-per-task=2 -- bash -c "
  for i in 1 2 3; do atoll run -- $bin/examples/hello & all+=(\$!); done
  for one in \${all[@]}; do wait \$one || exit; done"
check "one job has three clusters on the same nodes" all_of 'status_is 0' '[ "$(grep -c "= 385, on 3 nodes" "$log")" = 3 ]'
check_nothing_left "three clusters"
