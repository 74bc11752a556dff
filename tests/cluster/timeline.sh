#!/bin/bash
# The timeline of two nodes, while a program runs and at its end: what ran is there, once, and where it should be.
. "$(dirname "$0")/lib.sh"

traced() { tests/cluster/check_trace "$@"; }
# 200 squares of the driver's and 5 of a task's, on either node.
known=(square=205 parent=1 slow=1 add=50 sleep=8 first_of=2 count=1 transfer overlap failed waits counters)

box_up --nodes 2
rm -f "$scratch/stop"
begin_job 120 --nodes=2 --cpus-per-task=2 -- bash -c \
  "echo job \$SLURM_JOB_ID; exec atoll run --object-memory 128M --timeline-rate 100000 --timeline $scratch/end.json -- $bin/tests/cluster/timeline $scratch/stop"
check "a program has run all that it will" await 60 says '^done' || exit
job_id=$(sed -n 's/^job //p' "$log")

check "atoll timeline writes what ran while the program goes on" all_of \
  'on n1 env SLURM_JOB_ID="$job_id" atoll timeline -o "$scratch/live.json"' 'traced "$scratch/live.json" "${known[@]}"'
check "--last has the last of it" all_of \
  'on n1 env SLURM_JOB_ID="$job_id" atoll timeline --last 0.000001 -o "$scratch/last.json"' 'traced "$scratch/last.json" square=0 about=0..20'
check "--job asks from the login node, and - is standard output" all_of \
  'login atoll timeline --job "$job_id" -o "$scratch/login.json"' 'traced "$scratch/login.json" "${known[@]}"' \
  'login atoll timeline --job "$job_id" -o - > "$scratch/stdout.json"' 'traced "$scratch/stdout.json" square=205'
check "what cannot be written is said in a line" all_of \
  '! on n1 env SLURM_JOB_ID="$job_id" atoll timeline -o /nowhere/x.json 2> "$scratch/error"' 'grep -q "cannot write /nowhere/x.json" "$scratch/error"'

touch "$scratch/stop"
finish
check "atoll run --timeline writes it at the program's end, also of workers that end with it" all_of 'status_is 0' \
  'says "end.json: .* tasks and calls on 2 nodes; open it at https://ui.perfetto.dev"' 'traced "$scratch/end.json" "${known[@]}"'

job 120 --nodes=2 --cpus-per-task=2 -- atoll run --timeline "$scratch/million.json" -- "$bin/tests/cluster/timeline" million
check "of a million tasks there are some, which say of how many, in 50 MB at most" all_of 'status_is 0' \
  'traced "$scratch/million.json" about=500000..2000000 "megabytes<=50"'

job 60 --nodes=2 --cpus-per-task=2 -- atoll run --timeline-rate 0 --timeline "$scratch/off.json" -- "$bin/examples/hello"
check "a cluster that records nothing says so" all_of 'status_is 0' 'says "records no timeline"' 'traced "$scratch/off.json" about=0..0'
check_nothing_left "the programs"
