#include "runtime/control/demand_queue.h"

#include <algorithm>
#include <iterator>

#include "runtime/control/node_table.h"

namespace Atoll {

void DemandQueue::put(ProcessId client, const PlaceRequest& request) {
  const auto same = by_request_.find({client, request.request});
  if (same != by_request_.end()) {
    if (request.count == 0) return remove(same->second);
    same->second.demand->request.count = request.count;
  } else if (request.count > 0) {
    const auto line = lines_.try_emplace({request.shape, request.strategy}).first;
    line->second.push_back({client, request, arrivals_++});
    by_request_[{client, request.request}] = {line, std::prev(line->second.end())};
  }
}

void DemandQueue::remove(Position position) {
  by_request_.erase({position.demand->client, position.demand->request.request});
  position.line->second.erase(position.demand);
  if (position.line->second.empty()) lines_.erase(position.line);
}

void DemandQueue::forget(ProcessId client, ClusterView& view) {
  for (auto first = by_request_.lower_bound({client, 0}); first != by_request_.end() && first->first.first == client;)
    remove((first++)->second);
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
  std::map<std::uint64_t, Lines::iterator> next;  // lines that may have room, by the arrival of their first
  for (auto line = lines_.begin(); line != lines_.end(); ++line) next[line->second.front().arrival] = line;
  while (!next.empty()) {
    const Lines::iterator line = next.begin()->second;
    next.erase(next.begin());
    if (!serve_one(now, line->second.front(), view, nodes, out)) continue;
    const bool was_last = line->second.size() == 1;
    remove({line, line->second.begin()});
    if (!was_last) next[line->second.front().arrival] = line;
  }
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
  for (const auto& [key, line] : lines_)
    for (const Demand& demand : line) sum += demand.request.count;
  return sum;
}

std::uint32_t DemandQueue::pending_of(ProcessId client) const {
  std::uint32_t sum = 0;
  for (auto entry = by_request_.lower_bound({client, 0}); entry != by_request_.end() && entry->first.first == client; ++entry)
    sum += entry->second.demand->request.count;
  return sum;
}

void DemandQueue::list(const ClusterView& view, StateRows& rows) const {
  struct Seen {
    const Demand& demand;
    const ClusterView& view;
    const PlaceRequest& request() const { return demand.request; }
  };
  static constexpr StateGetter<Seen> kGetters[] = {
      {"id", [](const Seen& s) { return cell_of(to_string(std::uint64_t(s.demand.client), s.request().request)); }},
      {"owner", [](const Seen& s) { return cell_of(s.demand.client); }},
      {"count", [](const Seen& s) { return cell_of(s.request().count); }},
      {"needs", [](const Seen& s) { return cell_of(to_string(s.request().shape)); }},
      {"where", [](const Seen& s) { return text_or_none(to_string(s.request().strategy)); }},
      {"why", [](const Seen& s) { return cell_of(why_not_now(s.view, s.request().strategy, s.request().shape)); }},
  };
  StateQuery<Seen> query(rows, kGetters);
  for (const auto& [key, line] : lines_)
    for (const Demand& demand : line) query.offer({demand, view});
}

}  // namespace Atoll
