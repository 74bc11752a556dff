#include "runtime/control/demand_queue.h"

#include <algorithm>
#include <set>

#include "runtime/control/node_table.h"
#include "runtime/control/placing.h"

namespace Atoll {

void DemandQueue::put(ProcessId client, const PlaceRequest& request) {
  const auto same = std::find_if(waiting_.begin(), waiting_.end(), [&](const Demand& demand) {
    return demand.client == client && demand.request.request == request.request;
  });
  if (same == waiting_.end()) {
    if (request.count > 0) waiting_.push_back({client, request});
  } else if (request.count > 0) {
    same->request.count = request.count;
  } else {
    waiting_.erase(same);
  }
}

void DemandQueue::forget(ProcessId client, ClusterView& view) {
  std::erase_if(waiting_, [&](const Demand& demand) { return demand.client == client; });
  std::erase_if(promises_, [&](const auto& entry) {
    if (entry.second.client != client) return false;
    view.cancel(entry.second.node, entry.first);
    return true;
  });
}

void DemandQueue::forget_node(NodeId node) {
  std::erase_if(promises_, [&](const auto& entry) { return entry.second.node == node; });
}

void DemandQueue::heard(const std::vector<std::uint64_t>& reservations) {
  for (const std::uint64_t reservation : reservations) promises_.erase(reservation);
}

void DemandQueue::expire(Time now, ClusterView& view) {
  // By reservation is by age: their numbers grow.
  while (!promises_.empty() && now - promises_.begin()->second.made > kPromiseLimit) {
    view.cancel(promises_.begin()->second.node, promises_.begin()->first);
    promises_.erase(promises_.begin());
  }
}

void DemandQueue::serve(Time now, ClusterView& view, const NodeTable& nodes, Outbox& out) {
  std::set<PlaceKey> full;  // those that found no room in this pass
  std::deque<Demand> still_waiting;
  for (Demand& demand : waiting_) {
    PlaceKey key{demand.request.shape, demand.request.strategy};
    const bool done = !full.contains(key) && serve_one(now, demand, view, nodes, out);
    if (done) continue;
    full.insert(std::move(key));
    still_waiting.push_back(std::move(demand));
  }
  waiting_ = std::move(still_waiting);
}

bool DemandQueue::serve_one(Time now, Demand& demand, ClusterView& view,
                            const NodeTable& nodes, Outbox& out) {
  PlaceRequest& request = demand.request;
  if (std::string why = why_never(view, request.strategy, request.shape); !why.empty()) {
    out.send(demand.client, Infeasible{request.request, std::move(why)});
    return true;
  }
  const int count = static_cast<int>(std::min<std::uint32_t>(request.count, 1u << 20));
  for (const Placement& placement : place_by(view, request.strategy, request.shape, count)) {
    promises_[placement.reservation] = {demand.client, placement.node, now};
    out.send(demand.client,
             Placed{request.request, nodes.get(placement.node)->daemon,
                    static_cast<std::uint32_t>(placement.count), placement.reservation});
    request.count -= static_cast<std::uint32_t>(placement.count);
  }
  return request.count == 0;
}

std::uint32_t DemandQueue::pending() const {
  std::uint32_t sum = 0;
  for (const Demand& demand : waiting_) sum += demand.request.count;
  return sum;
}

}  // namespace Atoll
