#!/bin/bash
# More processes on a node than it has cores, by the hundred: they begin and end at once, and nobody is taken for dead.
. "$(dirname "$0")/lib.sh"

nobody_gave_up() { ! grep -E 'silent|gave|died|signal' "$log"; }

box_up --nodes 1
for time in first second; do
  job 120 --nodes=1 --cpus-per-task=2 -- atoll run -- "$bin/tests/cluster/crowd" 800
  check "800 actors at once, the $time time" all_of 'status_is 0' 'says "^processes: 800$"'
  check "and nobody was silent for it, or given up" nobody_gave_up
done
check_nothing_left "the crowd"
