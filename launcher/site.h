#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "launcher/plan.h"

namespace Atoll {

// Looks at this host: which commands it has and, only where the plan depends on it, what Slurm says.
Site explore_site(const ClusterOptions& options, const Environment& environment);

// The MPI types in what `srun --mpi=list` prints (22.05 has one a line, later ones "MPI plugin types are..." and more):
// {"none", "pmix", "pmix_v4"}.
std::vector<std::string> parse_mpi_list(std::string_view text);

// The executable `name` in the folders of `path`; "" when there is none.
std::string find_program(const std::string& name, const std::string& path);

// The path of this executable.
std::string own_path();

}  // namespace Atoll
