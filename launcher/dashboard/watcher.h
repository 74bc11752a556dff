#pragma once

#include <memory>
#include <string>
#include <vector>

#include "launcher/dashboard/question.h"
#include "launcher/dashboard/task_history.h"
#include "launcher/find_cluster.h"
#include "launcher/look.h"

namespace Atoll {

// Asks the cluster what the page wants to know. It asks nothing by itself: who does not look costs nothing. When the
// head is gone it looks for the cluster anew with every question. For one thread.
class Watcher {
 public:
  // `client` is of the cluster that `choice` means.
  Watcher(ClusterChoice choice, std::unique_ptr<StateClient> client);

  // JSON. 503 with the reason, and `ended`, when there is no cluster to ask.
  HttpReply answer(const DashboardQuestion& question);

 private:
  Status connect();
  Result<std::string> reply_to(const SummaryQuestion& question);
  Result<std::string> reply_to(const HistoryQuestion& question);
  Result<std::string> reply_to(const ExplainQuestion& question);
  Result<std::string> reply_to(const ListQuestion& question);
  Result<std::string> reply_to(const LogsQuestion& question);
  Result<std::string> reply_to(const LogQuestion& question);
  Result<StateTable> list(const std::string& kind, const std::string& columns, std::vector<std::string> filters,
                          int limit);
  Status take_sample();

  const ClusterChoice choice_;
  std::unique_ptr<StateClient> client_;  // none while the head is gone
  Time found_peers_{};
  TaskHistory history_;
  std::vector<std::string> history_warnings_;  // of the last sample
};

}  // namespace Atoll
