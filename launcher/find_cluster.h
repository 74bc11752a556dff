#pragma once

#include <string>

#include "launcher/subcommand.h"
#include "runtime/session/session.h"

namespace Atoll {

// Which cluster a command asks, and for how long.
struct ClusterChoice {
  std::string name;
  std::string job;     // Slurm's; "" for the one we are in
  double wait = -1;    // seconds for one that is coming up; below 0: by the job
  double timeout = 5;  // seconds for the head's answer

  // The options --name, --job, --wait and --timeout.
  void add_to(Subcommand& command);
};

// The session of the cluster.
Result<Session> find_cluster(const ClusterChoice& choice);

// Of a number of seconds that a person typed.
Duration to_duration(double value);

}  // namespace Atoll
