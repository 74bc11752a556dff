#!/bin/bash
# Tasks within tasks: what waits lends its CPUs; cancelling; running again what threw.
. "$(dirname "$0")/lib.sh"
program=$bin/tests/cluster/nesting

driver() { job 60 --nodes=2 --cpus-per-task=2 -- atoll run -- "$program" "$@"; }

box_up --nodes 2
driver nest "$scratch"
check "tasks are nested more deeply than there are CPUs" all_of 'status_is 0' 'says "^30 deep: 30"' 'says "^fibonacci: 34"'
check "a recursion without end is a NestingError that says where, and the rest goes on" all_of \
  'says "^endless: NestingError task .depth_of. would be nested in 101 .*in depth_of on n[12], process [0-9]+"' \
  'says "^after it: 23"'
driver later "$scratch"
check "a task waits for tasks that were sent to its own worker" all_of 'status_is 0' 'says "^sums: 9500"' 'says "^last: 9537"'
driver unseen "$scratch"
check "a task waits by other means than ours for tasks that were sent to its own worker" all_of 'status_is 0' 'says "^unseen: 11010"'
driver cancel "$scratch"
check "a task that runs sees that it is cancelled" says "^running: CancelledError the work is broken off .*process [0-9]+"
check "a task that does not look runs on" says "^stubborn: TimeoutError"
check "force ends its worker" says "^forced: CancelledError it was cancelled"
check "what a task submitted is cancelled with it" says "^recursive: CancelledError"
check "cancelling what has ended changes nothing, and the cluster goes on" all_of 'status_is 0' 'says "^done: 3"' 'says "^after: 23"'
driver retry "$scratch"
check "a task that throws is run again if it was said so" all_of 'says "^any: 4"' 'says "^base: 3"'
check "for other types, and after the last attempt, it is the error" all_of \
  'says "^other: TaskError ShelfError: shelf 1 |^other: TaskError .*ShelfError: shelf 1 "' \
  "says \"^often: TaskError .*shelf 2 is empty .in throw_first 'night run'\""
check "an error knows the base classes of what was thrown" says "^is: 110"
check "a stack overflow ends the task's worker alone" all_of 'status_is 0' 'says "^stack: WorkerDiedError .*signal 11"'
check_nothing_left "the nesting"
