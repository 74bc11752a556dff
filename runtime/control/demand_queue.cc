#include "runtime/control/demand_queue.h"

#include <algorithm>
#include <set>

#include "runtime/control/node_table.h"

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

void DemandQueue::serve(ClusterView& view, const NodeTable& nodes, Outbox& out) {
  std::set<Resources> full;  // shapes that found no room in this pass
  std::deque<Demand> still_waiting;
  for (Demand& demand : waiting_) {
    const bool done = !full.contains(demand.request.shape) &&
                      serve_one(demand, view, nodes, out);
    if (done) continue;
    full.insert(demand.request.shape);
    still_waiting.push_back(std::move(demand));
  }
  waiting_ = std::move(still_waiting);
}

bool DemandQueue::serve_one(Demand& demand, ClusterView& view, const NodeTable& nodes,
                            Outbox& out) {
  PlaceRequest& request = demand.request;
  if (!view.feasible(request.shape)) {
    out.send(demand.client, Infeasible{request.request, view.explain(request.shape)});
    return true;
  }
  for (const Placement& placement :
       view.place(request.shape, static_cast<int>(request.count))) {
    promises_[placement.reservation] = {demand.client, placement.node};
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
