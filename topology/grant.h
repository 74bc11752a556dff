#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/environment.h"
#include "topology/machine.h"

namespace Atoll {

// What this process may use of its node.
struct NodeGrant {
  int cpus = 0;               // how many may be given out
  CpuList cpu_ids;            // those that work may be bound to; may be more or fewer than `cpus`, empty if synthetic
  std::uint64_t memory = 0;   // bytes
  std::vector<GpuInfo> gpus;  // by ascending index
  std::vector<std::string> warnings;
  friend bool operator==(const NodeGrant&, const NodeGrant&) = default;
};

// What Slurm granted the step whose environment this is, on this node; without SLURM_JOB_ID in it, whole_machine(), of
// its GPUs those that CUDA_VISIBLE_DEVICES or ROCR_VISIBLE_DEVICES leaves.
//
// CPUs: Slurm's number, and where Slurm made the cpuset no more than that holds; elsewhere it may be above what the
//   machine has. Slurm's number is SLURM_CPUS_ON_NODE, else this node's (SLURM_NODEID) entry in
//   SLURM_JOB_CPUS_PER_NODE, "8(x4),2"; without either it is the cpuset's.
// Memory: SLURM_MEM_PER_NODE, SLURM_MEM_PER_CPU × CPUs or SLURM_MEM_PER_GPU × GPUs (MiB), each under the name that the
//   launcher passes it on by, ATOLL_MEM_PER_…, first; without them, or if 0 (all), machine.memory.
// GPUs: the first that is set of SLURM_STEP_GPUS, SLURM_JOB_GPUS, CUDA_VISIBLE_DEVICES, ROCR_VISIBLE_DEVICES and
//   GPU_DEVICE_ORDINAL; but CUDA_VISIBLE_DEVICES if it holds UUIDs. None of them, or "NoDevFiles", is no GPU. Numbers
//   are indices of the machine's GPUs; if Slurm granted as many as the machine shows, all of them are meant, since a
//   device cgroup hides the others and renumbers these. "GPU-…" and "MIG-…" are UUIDs or their beginnings. A GPU that
//   the machine does not know is granted all the same, with a warning; its index is what CUDA_VISIBLE_DEVICES calls it.
// (Sources: srun(1), gres.conf(5); the CUDA programming guide on CUDA_VISIBLE_DEVICES.)
NodeGrant granted_resources(const Environment& environment, const Machine& machine);

// Everything that the process may use of the machine, whatever Slurm says.
NodeGrant whole_machine(const Machine& machine);

}  // namespace Atoll
