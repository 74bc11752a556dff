#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/base/status.h"

namespace Atoll {

// GPUs that a job holds on one of its nodes; one entry a type.
struct NodeGpus {
  std::string node;
  std::string type;  // "a100", or "" when the site names none
  int count = 0;
  friend bool operator==(const NodeGpus&, const NodeGpus&) = default;
};

// Whether the job asked for its GPUs in a way that a step of one task a node does not inherit whole (seen with Slurm
// 22.05: a step of a --gpus-per-task job gets one task's share; of a --gpus job an uneven share, or is refused).
// Then `scontrol show job` must be asked what each node holds.
bool gpus_need_asking(const Environment& environment);

// The per-node lines of `scontrol show job --details`.
std::vector<NodeGpus> parse_job_gpus(std::string_view text);

// The --gres with which the step gets all of these GPUs on each of `nodes`, "" when there are none. Where nodes hold
// different numbers no step can have them all (one --gres holds for all nodes): then the smallest, and `warning` says
// so.
struct StepGpus {
  std::string gres;
  std::string warning;
  friend bool operator==(const StepGpus&, const StepGpus&) = default;
};
StepGpus choose_step_gpus(const std::vector<NodeGpus>& held, const std::vector<std::string>& nodes);

}  // namespace Atoll
