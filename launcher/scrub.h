#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/environment.h"

namespace Atoll {

// Whether the variable would change what our srun means, or belongs to the step or MPI job that we run in, so that srun
// and the daemons must not see it. Slurm reads some 70 SLURM_* variables as defaults of srun's options and adds to them
// with each release; so all of them go but those that say which job this is.
bool changes_the_step(std::string_view name);

// The same for a daemon that we start without srun: what Slurm granted to us holds for it, our place among tasks does
// not.
bool changes_a_local_daemon(std::string_view name);

// The names in `environment` that must go, sorted.
std::vector<std::string> names_to_unset(const Environment& environment, bool local);

}  // namespace Atoll
