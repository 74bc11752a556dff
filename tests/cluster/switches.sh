#!/bin/bash
# Groups below one switch of Slurm's topology, told by the nodes' environment or by scontrol.
. "$(dirname "$0")/lib.sh"
program=$bin/tests/cluster/groups

pairs() { [ "$(awk '$1 == "bundle" { printf "%s ", $3 }' "$log")" = "n1 n3 n2 n4 " ]; }
try() {  # SENTENCE
  job 60 --nodes=4 --cpus-per-task=2 -- atoll run -- "$program" switch
  check "$1: pairs are below one leaf each" all_of 'status_is 0' pairs
  check "$1: three nodes below one leaf there are not" says '^Trio: .*switch'
}

box_up --nodes 4 --switches 'leaf1=n[1,3] leaf2=n[2,4]'
try "switches from the nodes' environment"
# What a site's TaskProlog prints changes the tasks' environment.
printf '#!/bin/sh\necho unset SLURM_TOPOLOGY_ADDR\necho unset SLURM_TOPOLOGY_ADDR_PATTERN\n' > "$scratch/prolog"
chmod +x "$scratch/prolog"
box down > /dev/null
box_up --nodes 4 --switches 'leaf1=n[1,3] leaf2=n[2,4]' --conf "TaskProlog=$scratch/prolog"
try "switches that scontrol shows"
check_nothing_left "the switches"
