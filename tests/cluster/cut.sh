#!/bin/bash
# A node takes no packets any more and answers none: who wants something of it waits for nobody else's turn.
. "$(dirname "$0")/lib.sh"

slowest() { awk -v when="$1" -v most="$2" '$1 == when { found = 1; good = $2 <= most } END { exit !(found && good) }' "$log" || { echo "the slowest task $1 took longer than $2 ms"; return 1; }; }

box_up --nodes 3
begin_job 90 --nodes=3 --cpus-per-task=2 -- atoll run -- "$bin/tests/cluster/cut" "$scratch"
check "a large value lies on n3, and n2 runs tasks" await 60 slowest before 60000
box cut n3 && touch "$scratch/cut"
finish
check "while n2's daemon seeks n3, which is silent, n2 runs tasks" all_of 'status_is 0' 'slowest after 2000'
check "n2's daemon does not stand still" all_of '! says "n2 atolld: this daemon stood still" > /dev/null'
check "what lay there is made again" says '^read 0.5$'
box heal n3
check_nothing_left "the cut"
