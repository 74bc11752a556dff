#!/bin/bash
# A worker and a node daemon are killed under a running driver: the others go on, and the table says what died and when.
. "$(dirname "$0")/lib.sh"
program=$bin/tests/cluster/faults

held() { [ "$(grep -c '^holds' "$log")" = "$1" ]; }
status_says() { on n1 env SLURM_JOB_ID="$job_id" atoll status > "$scratch/status" 2>&1; grep -qE "$1" "$scratch/status" || { cat "$scratch/status"; return 1; }; }

box_up --nodes 3
begin_job 120 --nodes=3 --cpus-per-task=4 -- bash -c "echo job \$SLURM_JOB_ID; exec atoll run -- $program hold $scratch/stop"
check "twelve actors run on three nodes" await 30 held 12
job_id=$(awk '$1 == "job" { print $2 }' "$log")
check "atoll status shows three live nodes" status_says '3 of 3 nodes alive'

victim=$(awk '$1 == "holds" && $2 == "n2" { print $3; exit }' "$log")
on n2 kill -KILL "$victim"
check "the driver is told which worker was killed" await 10 says "^lost .*(SIGKILL|signal 9)"
check "the table says that the worker died, when, and of what" await 5 status_says "ended [0-9]+ s ago: .*(SIGKILL|signal 9)"
check "one actor is lost, not more" all_of '[ "$(grep -c ^lost "$log")" = 1 ]'

on n3 kill -KILL "$(on n3 pgrep -o -x atolld)"
check "the driver is told of the actors of a lost node" await 15 all_of '[ "$(grep -c "^lost.*n3" "$log")" = 4 ]'
check "the table says which node died, and when" await 5 status_says 'node n3 died [0-9]+ s ago: '
check "the other nodes live" status_says '2 of 3 nodes alive'

touch "$scratch/stop"
finish
check "the driver goes on with what is left" all_of 'status_is 0' 'says "^7 left, tasks sum to 820"'
job 60 --nodes=3 -- atoll run -- "$bin/examples/hello"
check "the next cluster runs on all three nodes" all_of 'status_is 0' 'says "= 385, on 3 nodes"'
check_nothing_left "a worker and a daemon died, and the next cluster tidied up"
