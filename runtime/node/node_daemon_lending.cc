// The node daemon's workers whose tasks wait for others: their CPUs are lent meanwhile.

#include "runtime/node/node_daemon.h"

namespace Atoll {

void NodeDaemon::handle(Time now, ProcessId from, const WorkerBlocked& news, NodeOutbox&) {
  Worker* worker = workers_.find(from);
  if (worker == nullptr || worker->ending || worker->blocked == news.blocked) return;
  const LeaseId* lease = std::get_if<LeaseId>(&worker->tenant);
  if (lease == nullptr) return;  // it came too late
  worker->blocked = news.blocked;
  if (!news.blocked)
    stop_lending(*lease);
  else if (lending_.size() < kMaxLending)
    lend(now, *lease);
  else
    wish_to_lend_.push_back(*lease);
}

void NodeDaemon::lend(Time now, LeaseId id) {
  Holding& holding = leases_.at(id).seat.holding;
  bundles_.lend_cpus(holding);
  lending_.insert(id);
  last_lent_ = now;
  usage_changed_ = true;
  if (holding.bundle && waiting_.contains(holding.bundle->group)) roomier_.push_back(holding.bundle->group);
}

void NodeDaemon::stop_lending(LeaseId id) {
  std::erase(wish_to_lend_, id);
  if (lending_.erase(id) == 0) return;
  bundles_.reclaim_cpus(leases_.at(id).seat.holding);
  usage_changed_ = true;
}

// The lease ends. What it lent stays with those who have it.
void NodeDaemon::forget_lending(LeaseId id) {
  std::erase(wish_to_lend_, id);
  lending_.erase(id);
}

void NodeDaemon::lend_one_more(Time now, NodeOutbox& out) {
  const bool is_full = lending_.size() >= kMaxLending;
  if (wish_to_lend_.empty() || (is_full && now - last_lent_ < kLendInterval)) return;
  const LeaseId id = wish_to_lend_.front();
  wish_to_lend_.pop_front();
  lend(now, id);
  if (is_full)
    out.log_lines.push_back(std::to_string(lending_.size()) + " workers wait for other tasks; one more task is started, " +
                            "and another in 1 s if nothing ends");
  serve_roomier(now, out);
}

}  // namespace Atoll
