#!/bin/bash
# The walk through an interactive allocation: one cluster, as many programs on it as you like.
#
#   scripts/sbatch/salloc.sh          asks salloc for 2 nodes, and walks
#   salloc -N 2 --no-kill             the same by hand: then type the lines below that begin with "$"
#
# In the allocation `atoll up` leaves a cluster behind; programs find it by themselves.
set -euo pipefail

bin=${ATOLL_BIN:-$PWD/build}
PATH=$bin:$PATH
if ! command -v atoll > /dev/null || [ ! -x "$bin/examples/hello" ]; then
  echo "salloc.sh: atoll and examples/hello are not in $bin; call this from the source folder after make, or set ATOLL_BIN to its build folder" >&2
  exit 1
fi
if [ -z "${SLURM_JOB_ID-}" ]; then
  exec salloc --no-kill --job-name=walk --nodes=2 --cpus-per-task=4 --mem=2G --gpus-per-node=2 "$@" "$0"
fi

show() {
  echo "\$ $*"
  "$@"
}

show atoll up
trap 'show atoll down' EXIT
show atoll status
show "$bin/examples/hello"   # a program of its own, not under atoll run
show "$bin/examples/actors"  # and the next, on the same cluster
show atoll status
