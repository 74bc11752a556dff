#!/bin/bash
# Four kinds of machines side by side: groups on islands, ranks in ring order, NICs and NUMA nodes by the machine, and no
# GPU that Slurm did not grant.
. "$(dirname "$0")/lib.sh"
topologies=$scratch/topologies
mkdir "$topologies"
cp tests/topologies/dgx1-v100.topo "$topologies/n1.topo"
cp tests/topologies/hgx-h100.topo "$topologies/n2.topo"
cp tests/topologies/a100-pairs.topo "$topologies/n3.topo"
cp tests/topologies/mi250.topo "$topologies/n4.topo"

# actors OPTION... -- [SIZE]: actors.sbatch on one node or several.
actors() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  batch 60 "${options[@]}" -- scripts/sbatch/actors.sbatch "$@"
}
# The GPUs of all ranks in order; of each group after a colon.
gpus() { awk '$1 == "group" { printf ":" } $1 ~ /^[0-9]+$/ && $3 ~ /^[0-9]+$/ { printf " %s", $3 }' "$log"; }
gpus_are() { [ "$(gpus)" = "$1" ] || { echo "the GPUs are$(gpus), not$1"; return 1; }; }
nodes_are() { local said; said=$(awk '$1 == "0" { printf "%s ", $2 }' "$log"); [ "$said" = "$1 " ] || { echo "the nodes are $said"; return 1; }; }

box_up --nodes 4 --gpus 8 --topology "$topologies"
actors -w n1 --nodes=1 --gpus-per-node=8 --
check "on a DGX-1 ranks go round a ring of double links" all_of 'status_is 0' 'gpus_are " 0 3 2 1 5 6 7 4"'
check "and have the NIC, the NUMA node and the CPUs of their GPU" all_of \
  'says "^ +1 +n1 +3 +0 +0 +0-7 +mlx5_1 +GPU-d6100000-0000-4000-8000-000000000003 "' \
  'says "^ +4 +n1 +5 +0 +1 +8-15 +mlx5_2 +GPU-d6100000-0000-4000-8000-000000000005 "'
actors -w n2 --nodes=1 --gpus-per-node=8 -- 4
check "on an HGX H100 all GPUs are one island, and taken from the lowest" \
  all_of 'status_is 0' 'gpus_are ": 0 1 2 3: 4 5 6 7"' '! says "^ +[0-9]+ +n2 +[0-9]+ +[1-9] " > /dev/null'
actors -w n3 --nodes=1 --gpus-per-node=4 -- 2
check "of NVLink pairs each group gets one" all_of 'status_is 0' 'gpus_are ": 0 1: 2 3"' \
  'says "^ +0 +n3 +2 +1 "' 'says "^ +1 +n3 +3 +1 "'
actors -w n4 --nodes=1 --gpus-per-node=8 -- 2
check "of MI250 dies each group gets the two with four links between them" \
  all_of 'status_is 0' 'gpus_are ": 0 1: 2 3: 4 5: 6 7"' 'says "^ +0 +n4 +4 +0 +0 +[0-9-]+ +hsi2 "'
# Of four granted GPUs each, n1, n2 and n4 have one island of four; of these the total GB/s inside decides: n2 has six
# pairs over NVSwitch (2,225), n4 some 360, n1 nine links (180). n3 has two pairs.
actors --nodes=4 --gpus-per-node=4 -- 4
check "groups of four go to nodes with an island of four first, the fastest first, to two pairs last" \
  all_of 'status_is 0' 'nodes_are "n2 n4 n1 n3"'

# Another job has the first two GPUs of n1.
tests/box/box run --name "$box_name" sbatch --quiet -w n1 --mem=100M --gpus-per-node=2 --cpus-per-task=1 -o /dev/null \
  --wrap="touch $scratch/held; until [ -e $scratch/release ]; do sleep 0.1; done"
check "another job holds two GPUs" await 20 test -e "$scratch/held"
actors -w n1 --nodes=1 --gpus-per-node=6 --cpus-per-task=2 --
check "GPUs that are another job's are never used" all_of 'status_is 0' 'says "^6 actors, one a GPU"' 'gpus_are " 2 3 7 4 5 6"'
touch "$scratch/release"
check_nothing_left "the islands"
