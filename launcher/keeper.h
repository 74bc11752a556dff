#pragma once

#include <string>

#include "launcher/launched_cluster.h"

namespace Atoll {

// For a cluster that cannot even be tried: says `why` in a session's folder of that name, to whoever looks for the
// cluster, until the other end of `lifeline` is closed.
void tell_of_failure(const std::string& name, const std::string& why, int lifeline);

// Holds a cluster until it is told to end, by SIGTERM (`atoll down`) or SIGINT: the life of `atoll up --foreground`,
// and of the process that `atoll up` leaves behind.
class Keeper {
 public:
  Keeper(const ClusterOptions& options, LaunchPlan plan) : cluster_(options, std::move(plan), current_environment()) {}

  // False, having said why, when the cluster did not come up; then nothing of it runs. `abandoned` becomes readable
  // when nobody waits for the cluster any more; -1 for none.
  bool bring_up(int abandoned);
  // Until the end of the cluster; afterwards nothing of it runs. The exit code. `lifeline` becomes readable when the
  // cluster is to end; -1 for none.
  int keep(int lifeline);

  // The life of a cluster that a batch script or a step was promised (--lifeline): brings it up and keeps it. When it
  // does not come up, or ends before its time, stays all the same and lets the session's folder say why, so that nobody
  // waits in vain. The exit code.
  int keep_promise(int lifeline);

  const LaunchedCluster& cluster() const { return cluster_; }

 private:
  bool await_ready(int abandoned, std::string& why);
  void wait(int abandoned, std::optional<Time> until);
  void tell_until_end(int lifeline);

  Signals signals_;
  LaunchedCluster cluster_;
};

}  // namespace Atoll
