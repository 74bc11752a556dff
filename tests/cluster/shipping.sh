#!/bin/bash
# A program that only the driver's node sees is shipped to the others.
. "$(dirname "$0")/lib.sh"

box_up --nodes 3
touch "$scratch/stop"
on n1 cp "$bin/tests/cluster/faults" /tmp/only-here
job 60 --nodes=3 --cpus-per-task=4 -- atoll run -- /tmp/only-here hold "$scratch/stop"
check "a program in n1's own /tmp runs on n2 and n3 as well" \
  all_of 'status_is 0' 'says "^holds n2 "' 'says "^holds n3 "' 'says "^12 left, tasks sum to 820"'
check "the copies are gone" all_of '[ -z "$(on n2 find /tmp /dev/shm -xdev -type f -size +1M)" ]'
check_nothing_left
