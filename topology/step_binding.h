#pragma once

#include <string>

#include "runtime/base/environment.h"
#include "topology/cpus.h"

namespace Atoll {

// What Slurm itself binds in a job step, as the environment of its tasks tells.
struct StepBinding {
  // Why nothing should be bound on top, one sentence without a full stop; "" if something may.
  std::string unclear;
  bool keeps_cpus = false;    // the user's --cpu-bind says where tasks run
  bool keeps_memory = false;  // the user's --mem-bind says where memory comes from
  // All CPUs that the tasks of this node may run on, each of them only on a part; empty if Slurm bound none of them.
  CpuList cpus;
  friend bool operator==(const StepBinding&, const StepBinding&) = default;
};

// GPUs: SLURM_GPU_BIND and SLURM_TRES_BIND (other than none), or if neither is set SLURM_GPUS_PER_TASK,
//   SLURM_NTASKS_PER_GPU or a SLURM_TRES_PER_TASK with GPUs, make Slurm give each task GPUs of its own: unclear.
// SLURM_OVERCOMMIT: more tasks than CPUs: unclear.
// CPUs: SLURM_CPU_BIND_TYPE names map_cpu, rank or a binding to NUMA nodes (ldom) only if the user asked for it, so it
//   stays. A mask_cpu is also what task/affinity makes of any step by itself, and cannot be told from the user's: the
//   CPUs of all masks in SLURM_CPU_BIND_LIST together are those to share out anew. Masks that cannot be read stay.
// Memory: SLURM_MEM_BIND_TYPE of anything but none stays.
// (Source: srun(1), OUTPUT ENVIRONMENT VARIABLES.)
StepBinding read_step_binding(const Environment& environment);

}  // namespace Atoll
