#!/bin/bash
# A node is killed with the large results that lie there: they are made again by their tasks, or it is said at once why not.
. "$(dirname "$0")/lib.sh"

ran() { [ "$(grep -cx "$1" "$scratch/runs")" = "$2" ] || { echo "$1:"; sort "$scratch/runs" | uniq -c; return 1; }; }

box_up --nodes 3
begin_job 120 --nodes=3 --cpus-per-task=4 -- atoll run --object-memory 256M -- "$bin/tests/cluster/lineage" "$scratch"
check "large results lie on the node" await 60 all_of 'says "^made all"' 'says "^objects there 13"'
on n3 kill -KILL "$(on n3 pgrep -o -x atolld)"
touch "$scratch/killed"
finish
check "the program ends well" all_of 'status_is 0' 'says "^all done"'
check "a chain of large results is made again, also what was dropped of it" all_of '[ "$(grep -cx "chain 1" "$log")" = 4 ]'
check "once for all who read it" all_of 'ran "make chain" 2' "ran \"twice chain's middle\" 2" "ran \"twice chain's end\" 2"
check "a task finds its argument made again" all_of 'says "^task 1"' 'ran "make argument" 2'
check "what a small argument refers to is still there for that" all_of '[ "$(grep -cx "letter 1" "$log")" = 3 ]' 'ran "read value" 2' \
  'ran "read put" 2' 'ran "read result" 2'
check "so does a call of an actor" all_of 'says "^actor 1"' 'ran "make for the actor" 2'
check "what was put there is lost with its owner, at once" all_of 'says "^put .*owner.*gone"' 'says "^put was said at once 1"'
check "a task without retries is not run again" all_of 'says "^single .*may run only once; give it retries"' \
  'says "^single was said at once 1"' 'ran "make single" 1'
check "nor is a call of an actor" all_of "says '^result .*result of an actor.s call'" 'says "^result was said at once 1"'
check "a task that fails when it is run again says so" says "^failed: std::runtime_error: not again; it was being made again, since its copy was lost: "
job 60 --nodes=3 -- atoll run -- "$bin/examples/hello"
check "the next cluster runs" status_is 0
check_nothing_left "a node died with what lay there"
