#!/bin/bash
# The main job: the words of this machine's documentation, counted on 4 nodes and on 16, and checked against coreutils.
. "$(dirname "$0")/lib.sh"

every_node_worked() {
  local node
  for node in $(seq "$1"); do says "^n$node +[1-9][0-9]* tasks" || return 1; done
}

box_up --nodes 16
for nodes in 4 16; do
  batch 120 --nodes=$nodes -- scripts/sbatch/wordcount.sbatch
  check "wordcount.sbatch counts on $nodes nodes what coreutils count, after $took s" \
    all_of 'status_is 0' 'says "^coreutils count the same"' "says 'is ready: $nodes nodes'" "every_node_worked $nodes"
done
check_nothing_left "the main job"

mkdir "$scratch/elsewhere"
printf 'One fish two fish\nred fish, BLUE fish' > "$scratch/elsewhere/a"
printf 'fish' > "$scratch/elsewhere/b"
batch 60 --nodes=2 -- scripts/sbatch/wordcount.sbatch "$scratch/elsewhere"
check "wordcount.sbatch counts another folder" all_of 'status_is 0' 'says "^9 words, 5 distinct"' 'says "^ +5  fish"'
batch 60 --nodes=2 -- scripts/sbatch/wordcount.sbatch "$scratch/nowhere"
check "a folder that is not there fails the job with a sentence" all_of 'status_is 1' 'says "^wordcount: .*nowhere"'
batch 60 --nodes=2 --export=ALL,ATOLL_BIN="$scratch/nowhere" -- scripts/sbatch/wordcount.sbatch
check "a script that cannot find atoll says where it looked" all_of 'status_is 1' 'says "wordcount.sbatch: .*$scratch/nowhere"'
