#!/bin/bash
# Placement groups on a real Slurm: where they are, who works in them, and what becomes of them when a node is lost.
. "$(dirname "$0")/lib.sh"
program=$bin/tests/cluster/groups

box_up --nodes 4
job 60 --nodes=2 --cpus-per-task=4 -- atoll run -- "$program" use
check "tasks and actors in a bundle run where it is, and know their rank" all_of 'status_is 0' \
  'says "^n1 bundle 0 of 2"' '[ "$(grep -c "^n2 bundle 1 of 2" "$log")" = 2 ]'
check "a task that was given the group asks for its table and uses it" says '^from a task: 2 bundles, then n1 bundle 0 of 2'
check "tasks in any bundle wait for room in the group and use no other" says '^any bundle: 8 tasks, 0 outside'

# What is given back comes by one way, and the word that the group is gone by another: it may overtake.
job 60 --nodes=2 --cpus-per-task=4 -- atoll run -- "$program" again
few() { [ "$(sed -n 's/^a hundred groups had \([0-9]*\) processes$/\1/p' "$log")" -le 20 ]; }
check "the workers of a group that is removed work in the next like it" all_of 'status_is 0' few 'says "^n1 bundle 0 of 2 process .* ran"'

job 90 --nodes=2 --cpus-per-task=4 -- atoll run -- "$program" errors
check "a group that can never be placed is an InfeasibleError, in counts" all_of 'status_is 0' 'says "^Infeasible: .*3.*2 nodes"'
check "a group without bundles, or with a malformed one, is an error that names it" \
  all_of 'says "^Empty: .*bundle"' 'says "^Malformed: bundle 1: "' 'says "^NaN: bundle 0: cpus"'
check "a task or actor that its bundle cannot hold is an InfeasibleError" all_of \
  'says "^NoBundle: .*no bundle 5, only 0 to 0"' 'says "^TooBig: .*2 cpu"' 'says "^TooBigActor: .*2 cpu"'
check "removing a group ends whoever works in it, and says so" all_of \
  'says "^Removed: .*placement group is gone"' 'says "^RemovedActor: .*placement group"' 'says "^Gone: .*placement group"' \
  'says "^NoName: no placement group is called .nobody."'

job 60 --nodes=2 --cpus-per-task=4 -- atoll run -- "$program" wait
check "a group that does not fit now waits, says why, and holds up no other" all_of 'status_is 0' \
  'says "^the small one goes past"' 'says "^waited 0"' 'says "^state pending: .*3 cpu"'
check "and is placed when there is room" says '^state created'

job 60 --nodes=2 --cpus-per-task=4 -- bash -c "atoll up && $program leave && $program find && atoll status; atoll down"
check "a detached group outlives its driver, another does not" all_of 'status_is 0' \
  'says "^found pool, n[12] bundle 1 of 2"' 'says "^NoName: no placement group is called .mine."'
check_nothing_left "the groups"

lose_node() {  # WAY NODES WORDS: n2 dies under a group on n1 and n2, with an actor in each bundle
  rm -f "$scratch/stop"
  begin_job 120 --cpus-per-task=4 -w "$2" --nodes="$(echo "$2" | tr ',' '\n' | wc -l)" -- atoll run -- "$program" "$1" "$scratch/stop"
  check "$1 on $2: a group holds two nodes" await 30 says '^holding'
  on n2 kill -KILL "$(on n2 pgrep -o -x atolld)"
  check "$1 on $2: $3" await 15 all_of "${@:4}"
  touch "$scratch/stop"
  finish
  check "$1 on $2: the driver ends well" status_is 0
}
lose_node lose-some n1,n2,n3 "the lost bundle moves, its actor with it, and the other stays" \
  'says "^state created"' '[ "$(grep -c "^seat n1 bundle 0 of 2" "$log")" = 2 ]' 'says "^seat n3 bundle 1 of 2"'
lose_node lose-some n1,n2 "without room for it the rest goes on, and the group says why" \
  'says "^bundle 0 n1"' 'says "^bundle 1 nowhere"' 'says "^state rescheduling: node n2 died"'
lose_node lose-all n1,n2,n4 "the whole group moves, and its actors with it" \
  'says "^state created"' '[ "$(grep -c "^seat .* bundle 0 of 2" "$log")" = 2 ]' \
  '[ "$(grep -c "^seat .* bundle 1 of 2" "$log")" = 2 ]' 'says "^seat n4 "'
job 60 --nodes=4 -- atoll run -- "$bin/examples/hello"
check_nothing_left "nodes were lost, and the next cluster tidied up"
