#!/bin/bash
# One actor on every GPU of the job, and the salloc walk-through.
. "$(dirname "$0")/lib.sh"

box_up --nodes 4 --topology "$PWD/tests/topologies/dgx-h100.topo"
batch 60 -- scripts/sbatch/actors.sbatch
check "actors.sbatch has an actor on each of 16 GPUs, and no GPU twice" \
  all_of 'status_is 0' 'says "^16 actors, one a GPU"' 'says "^ *15 +n2 +7 "'
check "an actor is told its GPU's uuid, NUMA node, CPUs and NIC" \
  says '^ *5 +n1 +5 +5 +1 +8-15 +mlx5_9 +GPU-a70110d4-0000-4000-8000-000000000005 '
batch 60 --nodes=4 --gpus-per-node=3 -- scripts/sbatch/actors.sbatch
check "actors.sbatch takes the GPUs that Slurm granted" all_of 'status_is 0' 'says "^12 actors, one a GPU"'
batch 60 --nodes=1 --gpus-per-node=0 --gres=none -- scripts/sbatch/actors.sbatch
check "without GPUs actors.sbatch says so" all_of 'status_is 1' 'says "^actors: this cluster has no GPUs"'
check_nothing_left "the actors"

begin 60 tests/box/box run --name "$box_name" --on n1 scripts/sbatch/salloc.sh
finish
check "the salloc walk-through runs two programs on one cluster" \
  all_of 'status_is 0' 'says "^1 \+ 4 \+ ... \+ 100 = 385, on 2 nodes"' 'says "^4 actors, one a GPU"' 'says "^. atoll down"'
check_nothing_left "the walk"
