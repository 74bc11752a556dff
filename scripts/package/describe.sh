# What the packages say of themselves, in deb and rpm alike; sourced by both.

summary() {  # PACKAGE
  case $1 in
    atoll) echo 'GPU actors inside a Slurm allocation' ;;
    libatoll-dev | atoll-devel) echo 'tasks, actors and objects in C++20: headers and static library' ;;
    atoll-slurm-plugin) echo "Slurm options --atoll and --atoll-bind, for Slurm $SLURM_VERSION" ;;
  esac
}

description() {  # PACKAGE
  case $1 in
    atoll) echo 'Atoll turns a Slurm allocation into a runtime for tasks, actors and objects that knows its wires: GPUs are given out by NVLink island and ring order, workers are bound next to them. This package has the programs atoll and atolld, their man pages, shell completion, a modulefile and example scripts. It needs nothing on the nodes but itself.' ;;
    libatoll-dev | atoll-devel) echo 'What a program needs to be compiled and linked with Atoll: the headers atoll/*.h, libatoll.a, atoll.pc and the examples. The program itself then needs the package atoll where it runs.' ;;
    atoll-slurm-plugin) echo "A SPANK plugin for sbatch, salloc and srun: with #SBATCH --atoll a cluster is up beside the script's first line, and srun --atoll-bind binds any MPI or NCCL program to its node's GPUs, CPUs and NICs. Jobs that give none of its options run as before. It is for login and compute nodes, and loads only into the Slurm it was built for." ;;
  esac
}
