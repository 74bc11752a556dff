#!/bin/bash
# Tasks that go wrong, and requests that can never be granted: the driver gets an error that says what and where.
. "$(dirname "$0")/lib.sh"
program=$bin/tests/cluster/faults

# driver WAY [ARGUMENT]
driver() { job 60 --nodes=2 --cpus-per-task=2 -- atoll run -- "$program" "$@"; }

box_up --nodes 2
driver throw
check "a task that throws is a TaskError with type, words, node and process" all_of 'status_is 0' \
  'says "^TaskError: .*shelf 7 is empty"' 'says "^type std::out_of_range"' 'says "^message shelf 7 is empty"' \
  'says "^node n[12]"' 'says "^process [1-9]"'
driver exit
check "a task that exits is a WorkerDiedError that says the code and the node" all_of 'status_is 0' \
  'says "^WorkerDied: process [0-9]+ on n[12] exited with status 3"'
driver signal
check "a task that is killed is a WorkerDiedError that says the signal" all_of 'status_is 0' 'says "^WorkerDied: .*(SIGKILL|signal 9)"'
driver once "$scratch/once"
check "a task whose worker dies is run again" all_of 'status_is 0' 'says "^the second run answered"'
driver never-fits
check "a task that no node can ever run is an InfeasibleError" all_of 'status_is 0' 'says "^Infeasible: .*100000"'
driver never-fits-actor
check "an actor that no node can ever host is an InfeasibleError" all_of 'status_is 0' 'says "^Infeasible: .*1000"'
check_nothing_left "the faults"
