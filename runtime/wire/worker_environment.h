#pragma once

#include <string>
#include <vector>

#include "runtime/base/environment.h"

namespace Atoll {

// The environment of a worker: the daemon's own, so that it has the node's
// TMPDIR and the like, under the driver's. What belongs to the daemon's job step
// or to the driver's node alone stays out, so that an srun inside a task is a
// fresh one: SLURM step and task variables, PMIx, PMI, Open MPI, CPU and GPU
// bindings (reference: Slurm's srun(1), OUTPUT ENVIRONMENT VARIABLES).
Environment worker_environment(const Environment& daemon, const std::vector<std::string>& driver);

// The driver's variables worth taking to its workers.
std::vector<std::string> driver_environment(const Environment& driver);

}  // namespace Atoll
