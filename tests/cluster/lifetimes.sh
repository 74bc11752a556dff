#!/bin/bash
# Actors' names, ends, retries and concurrency.
. "$(dirname "$0")/lib.sh"
program=$bin/tests/cluster/lifetimes

driver() { job 60 --nodes=2 --cpus-per-task=2 -- atoll run -- "$program" "$@"; }

box_up --nodes 2
driver names "$scratch"
check "an actor is found by its name, in its name space" all_of 'status_is 0' 'says "^found: 11"' 'says "^elsewhere: 71"' \
  'says "^by name space: 72"'
check "get_if_exists finds the one that is there, or makes one" all_of 'says "^exists: 12"' 'says "^fresh: 51"'
check "a name that is taken, or nobody's, is a sentence" all_of 'says "^taken: ActorDiedError the name .hits. belongs to another"' \
  'says "^nobody: ActorDiedError no living actor is called .nobody."'
check "options that contradict each other are refused" all_of 'says "^nameless: Error get_if_exists.. needs a name"' \
  'says "^unfindable: Error a detached.. actor needs"' 'says "^empty: Error an empty Actor handle"'
job 60 --nodes=2 --cpus-per-task=2 -- bash -c "
  atoll up && $program detach $scratch && $program find $scratch; atoll down"
check "a detached actor outlives its driver, and is restarted after that" all_of 'says "^detached: 6"' \
  'says "^still there: 7"' 'says "^restarted: 6"' 'says "^it left"' 'says "^find done"'
driver ends "$scratch"
check "an actor ends with its last handle, after its calls, and its object is destroyed" all_of 'status_is 0' \
  'says "^calls before its end: 100"'
check "one whose handle was sent away ends after that" says "^used elsewhere: 100"
check "an actor that leaves answers the call, and fails those after it" all_of 'says "^leaves: 7"' \
  'says "^after it left: ActorDiedError the actor has left|^after it left: ActorDiedError it left by its own will"' \
  'says "^later: ActorDiedError (the actor has left|it left by its own will)"' 'says "^in no actor: Error exit_actor"'
driver retries "$scratch"
check "a call to an actor that dies under it is run at most once" says "^at most once: ActorUnavailableError .*killed by signal 9"
check "or sent again, in order, if its retries allow" all_of 'status_is 0' 'says "^sent again: [0-9 ]* in order"' 'says "^by the call: 4"'
check "a call that throws is sent again if it was said so" says "^thrown: 6"
check "more calls than an actor takes are errors, and the others go on" all_of 'says "^too many: PendingCallsError .*3 unfinished"' \
  'says "^those before: 3"' 'says "^and after: 3"'
driver meet "$scratch"
check "calls run at one time if the actor says so, and can be cancelled" all_of 'status_is 0' 'says "^all 8 met"' \
  'says "^cancelled call: CancelledError as you wish"' 'says "^too concurrent: Error max_concurrency: expected 1"'
check_nothing_left "the lifetimes"
