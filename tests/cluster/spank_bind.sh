#!/bin/bash
# srun --atoll-bind: plain steps and Open MPI's, on nodes with the topologies of a DGX-1 and an HGX H100, and on this machine.
. "$(dirname "$0")/plugin.sh"
ranks=$bin/tests/cluster/mpi_ranks
topologies=$scratch/topologies
mkdir "$topologies"
cp tests/topologies/dgx1-v100.topo "$topologies/n1.topo"
cp tests/topologies/hgx-h100.topo "$topologies/n2.topo"

# The ranks on GPUs whose UUIDs end so: "0,3 1,2 ..."
gpus_are() {
  local said
  said=$(sed -nE 's/^rank .* gpus=([^ ]*) .*/\1/p' "$log" | sed -E 's/GPU-[0-9a-f-]*([0-9a-f])(,|$)/\1\2/g' | paste -sd' ')
  [ "$said" = "$1" ] || { echo "the GPUs are $said, not $1"; return 1; }
}
bound_step() { command_for 40 srun --nodes=2 --gpus-per-node=8 --cpus-per-task=4 --mem=1G "$@"; }
export OMPI_MCA_mpi_yield_when_idle=1

plugin_box --nodes 2 --cpus 32 --topology "$topologies"
if "$ranks" 2> /dev/null | grep -q 'built without'; then
  skip spank_bind "Open MPI is not built in"
else
  bound_step --mpi=pmix --ntasks-per-node=4 --atoll-bind=island,verbose "$ranks"
  check "--atoll-bind=island,verbose: Open MPI works, and each rank has its GPUs by island, in ring order" all_of 'status_is 0' \
    'says "^8 ranks, the sum is right"' 'gpus_are "0,3 1,2 5,6 4,7 0,1 2,3 4,5 6,7"'
  check "the nearest NICs for UCX and NCCL, the NUMA node, and a thread for each core" all_of \
    'says "^rank 3 n1 .* ucx=mlx5_2:1,mlx5_3:1,eth0 nccl==mlx5_2,mlx5_3 nics=mlx5_2,mlx5_3 numa=1 threads=4 "' \
    'says "^rank 7 n2 .* ucx=mlx5_6:1,mlx5_7:1,eth0 nccl==mlx5_6,mlx5_7 nics=mlx5_6,mlx5_7 numa=1 threads=4 "'
  check "and each node prints one table" all_of '[ "$(grep -c "^n[12]: 4 tasks, island" "$log")" = 2 ]' \
    'says "^1 +1 +1,2 +A +0 +4-7 +mlx5_0, mlx5_1"' 'says "^6 +2 +4,5 +A +1 +8-11 +mlx5_4, mlx5_5"'
  OMPI_MCA_pml=ucx OMPI_MCA_opal_common_ucx_tls=any OMPI_MCA_opal_common_ucx_devices=any UCX_LOG_LEVEL=error \
    bound_step --mpi=pmix --ntasks-per-node=2 --atoll-bind=spread "$ranks"
  check "Open MPI works over UCX too" all_of 'status_is 0' 'says "^4 ranks, the sum is right"' 'gpus_are "0,1,2,3 4,5,6,7 0,1,2,3 4,5,6,7"'
fi
list='echo "rank $SLURM_PROCID gpus=$CUDA_VISIBLE_DEVICES ."'
sorted() { sort -o "$log" "$log"; }
bound_step --ntasks-per-node=2 --atoll-bind=pack bash -c "$list"
sorted
check "pack: neighbours in the ring" gpus_are "0,1,2,3 4,5,6,7 0,1,2,3 4,5,6,7"
ATOLL_BIND=numa bound_step --ntasks-per-node=1 bash -c "$list"
sorted
check "ATOLL_BIND is as good as the option" gpus_are "0,3,2,1,5,6,7,4 0,1,2,3,4,5,6,7"
ATOLL_BIND=numa bound_step --ntasks-per-node=1 --atoll-bind=none bash -c "$list"
sorted
check "the command line wins over it; none leaves all to Slurm" all_of 'status_is 0' '! says GPU-'
bound_step --ntasks-per-node=2 --atoll-bind=pack --gpus-per-task=4 bash -c "$list"
check "where Slurm gives each task GPUs of its own, nothing is bound, with one warning a node" all_of 'status_is 0' '! says "gpus=GPU-"' \
  '[ "$(grep -c "warning: .*; the step runs without Atoll.s binding" "$log")" = 2 ]'
cat > "$scratch/bind.sh" << SCRIPT
#!/bin/bash
#SBATCH --nodes=2 --gpus-per-node=8 --ntasks-per-node=2 --atoll-bind=island --atoll-topo=/run/atoll/topology --export=NONE
srun --label /bin/bash -c '$list' | sort
srun --ntasks=1 --nodes=1 --atoll-bind=none /bin/bash -c 'echo unbound: \$CUDA_VISIBLE_DEVICES'
SCRIPT
submit batch "$scratch/bind.sh"
ended batch
sed -i 's/^[0-9]: //' "$log"
check "#SBATCH --atoll-bind and --atoll-topo hold for the sruns inside, --export=NONE or not" all_of 'gpus_are "0,1,2,3 4,5,6,7 0,1,2,3 4,5,6,7"' 'says "^unbound: [0-9]"'
submit both --nodes=2 --gpus-per-node=8 --atoll --atoll-bind=island --wrap="$bin/examples/actors | grep -c GPU-"
ended both
check "a cluster's daemons have all GPUs, whatever the steps' binding" all_of 'exit_code_is 0' 'says "^16$"'
check_nothing_left "bound steps"
check "no node was drained" no_node_is_drained
box_down_now

plugin_box --nodes 1 --cpus "$(nproc)" --gpus 0
command_for 20 srun --ntasks="$(nproc)" --cpus-per-task=1 --atoll-bind=numa bash -c 'grep Cpus_allowed_list /proc/self/status; echo $OMP_NUM_THREADS threads'
check "on this machine each task has a CPU of its own" all_of 'status_is 0' \
  '[ "$(grep -c "^1 threads" "$log")" = "$(nproc)" ]' '[ "$(grep Cpus_allowed "$log" | sort -u | wc -l)" = "$(nproc)" ]'
command_for 20 srun --ntasks=2 --atoll-bind=pack --atoll-topo="$PWD/tests/topologies/no-gpu.topo" bash -c 'echo topology $ATOLL_TOPOLOGY; echo numa $ATOLL_NUMA'
check "--atoll-topo describes the nodes" all_of 'status_is 0' 'says "^topology /.*no-gpu.topo"' 'says "^numa [0-9]"'
check_nothing_left "this machine"
