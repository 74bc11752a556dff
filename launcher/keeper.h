#pragma once

#include "launcher/launched_cluster.h"

namespace Atoll {

// Holds a cluster until it is told to end, by SIGTERM (`atoll down`) or SIGINT: the life of `atoll up --foreground`,
// and of the process that `atoll up` leaves behind.
class Keeper {
 public:
  Keeper(const ClusterOptions& options, LaunchPlan plan) : cluster_(options, std::move(plan), current_environment()) {}

  // False, having said why, when the cluster did not come up; then nothing of it runs. `abandoned` becomes readable
  // when nobody waits for the cluster any more; -1 for none.
  bool bring_up(int abandoned);
  // Until the end of the cluster; afterwards nothing of it runs. The exit code.
  int keep();

  const LaunchedCluster& cluster() const { return cluster_; }

 private:
  void wait(int abandoned, std::optional<Time> until);
  bool told_to_end();

  Signals signals_;
  LaunchedCluster cluster_;
};

}  // namespace Atoll
