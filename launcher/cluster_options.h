#pragma once

#include <optional>

#include "launcher/plan.h"

namespace CLI {
class App;
}

namespace Atoll {

// The options that `atoll run` and `atoll up` have in common, parsed into `options`.
void add_cluster_options(CLI::App& command, ClusterOptions& options, bool& dry_run);

// That of `atoll run` alone.
void add_summary_option(CLI::App& command, ClusterOptions& options);

// Plans with this process's environment; chooses a name where none was given.
Result<LaunchPlan> plan_cluster(ClusterOptions& options);

// The same. Prints the plan when `dry_run`.
// On failure says so and returns the exit code in `exit_code`.
std::optional<LaunchPlan> plan_or_complain(ClusterOptions& options, bool dry_run, int& exit_code);

// Replaces this process by salloc, which starts us again. Returns only on failure, with the exit code.
int become_salloc(const LaunchPlan& plan);

}  // namespace Atoll
