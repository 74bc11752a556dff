#!/bin/bash
# A site whose Slurm has no PMIx plugin.
. "$(dirname "$0")/lib.sh"

box_up --nodes 4 --no-pmix
job 60 --nodes=4 -- atoll run --verbose -- "$bin/examples/hello"
check "without a PMIx plugin the cluster comes up" all_of 'status_is 0' 'says "= 385, on 4 nodes"'
check "and --verbose says how" says 'no PMIx plugin'
check_nothing_left
