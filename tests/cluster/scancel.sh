#!/bin/bash
# scancel in the middle of everything.
. "$(dirname "$0")/lib.sh"

job_of() { login squeue --noheader --format=%i; }

box_up --nodes 4
begin_batch 60 --nodes=4 --cpus-per-task=4 --mem=1G --no-kill -- --wrap="exec atoll run -- $bin/tests/cluster/faults stay"
check "actors, tasks and an orphan run on four nodes" await 40 says '^orphan'
login scancel "$(job_of)"
finish
check "the job ends soon after scancel" took_less 50
check_nothing_left "scancel"

begin_batch 60 --nodes=4 --cpus-per-task=4 --mem=1G --no-kill -- scripts/sbatch/wordcount.sbatch
check "the main job is under way" await 40 says '^ *[1-9]0 %'
login scancel "$(job_of)"
finish
check_nothing_left "scancel of the main job"
