#include "runtime/client/work_lanes.h"

#include <algorithm>

namespace Atoll {

void WorkLanes::limit(std::uint32_t most, const std::vector<ConcurrencyGroup>& groups) {
  lanes_.resize(1);
  lanes_.front().most = most;
  by_name_.clear();
  by_method_.clear();
  for (const ConcurrencyGroup& group : groups) {
    by_name_[group.name] = lanes_.size();
    for (const std::string& method : group.methods) by_method_[method] = lanes_.size();
    lanes_.emplace_back().most = group.most;
  }
}

std::size_t WorkLanes::most() const {
  std::size_t sum = 0;
  for (const Lane& lane : lanes_) sum += lane.most;
  return sum;
}

std::size_t WorkLanes::lane_of(const Message& message) const {
  if (lanes_.size() == 1) return 0;
  const auto* call = std::get_if<CallActor>(&message);
  if (call == nullptr) return 0;
  const auto& names = call->group.empty() ? by_method_ : by_name_;
  const auto found = names.find(call->group.empty() ? call->method : call->group);
  return found == names.end() ? 0 : found->second;
}

void WorkLanes::push(WorkItem item) {
  Lane& lane = lanes_[lane_of(item.message)];
  lane.items.push_back({arrivals_++, std::move(item)});
}

bool WorkLanes::is_oldest(const Waiting& waiting) const {
  return std::ranges::all_of(lanes_, [&](const Lane& lane) {
    return lane.items.empty() || lane.items.front().arrival >= waiting.arrival;
  });
}

const WorkLanes::Lane* WorkLanes::next() const {
  const Lane* oldest = nullptr;
  for (const Lane& lane : lanes_) {
    if (lane.items.empty() || lane.running >= lane.most) continue;
    const Waiting& first = lane.items.front();
    const auto* call = std::get_if<CallActor>(&first.item.message);
    if (call != nullptr && call->method == kLeave && !is_oldest(first)) continue;
    if (oldest == nullptr || first.arrival < oldest->items.front().arrival) oldest = &lane;
  }
  return oldest;
}

std::optional<WorkLanes::Taken> WorkLanes::take() {
  Lane* lane = next();
  if (lane == nullptr) return std::nullopt;
  Taken taken{std::move(lane->items.front().item), static_cast<std::size_t>(lane - lanes_.data())};
  lane->items.pop_front();
  ++lane->running;
  return taken;
}

std::vector<WorkItem> WorkLanes::clear() {
  std::vector<WorkItem> left;
  for (Lane& lane : lanes_)
    for (Waiting& each : std::exchange(lane.items, {})) left.push_back(std::move(each.item));
  return left;
}

}  // namespace Atoll
