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

// `tasks`: of the step on this node.
//
// STEP-1 GPUs: SLURMD_TRES_BIND, which slurmd makes of all options, or in its absence SLURM_TRES_BIND or
// SLURM_GPU_BIND,
//        or in theirs SLURM_GPUS_PER_TASK, SLURM_NTASKS_PER_GPU, SLURM_NTASKS_PER_TRES or a SLURM_TRES_PER_TASK with
//        GPUs tell that Slurm gives each task GPUs of its own: unclear. A single task has all of them in any case.
// STEP-2 SLURM_OVERCOMMIT: more tasks than CPUs: unclear.
// STEP-3 CPUs: a SLURM_CPU_BIND_TYPE that names map_cpu, rank or ldom is the user's wish and stays. mask_cpu is so too
//        if a mask of SLURM_CPU_BIND_LIST does not begin with 0x, as the user's do not; those that task/affinity makes
//        by itself do (both seen with Slurm 22.05). Of these, the CPUs of all masks together are shared out anew.
// STEP-4 Memory: what SLURM_MEM_BIND_TYPE says stays, unless it is none.
// (Source: srun(1), OUTPUT ENVIRONMENT VARIABLES.)
StepBinding read_step_binding(const Environment& environment, int tasks);

}  // namespace Atoll
