#include "runtime/control/node_table.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace Atoll {

NodeTable::NodeTable(std::uint32_t expected, Time now) : expected_(expected), last_heard_(now) {
  for (std::uint32_t rank = 0; rank < expected; ++rank)
    nodes_[NodeId(rank)].changed = now;
}

NodeTable::JoinResult NodeTable::join(const Join& join, Time now) {
  const auto entry = nodes_.find(join.daemon.node);
  if (entry == nodes_.end()) return JoinResult::kRefused;
  Node& node = entry->second;
  if (node.daemon.process == join.daemon.process)
    return node.state == NodeState::kAlive ? JoinResult::kKnown : JoinResult::kRefused;
  if (node.state == NodeState::kAlive || dead_.contains(join.daemon.process)) return JoinResult::kRefused;
  if (node.state == NodeState::kJoining) ++joined_;
  end_silence(now);
  node = Node{NodeState::kAlive, join.daemon, join.info, join.usage, now, now, "", now};
  by_daemon_[join.daemon.process] = entry->first;
  ++alive_;
  return JoinResult::kNew;
}

std::optional<NodeId> NodeTable::find(ProcessId daemon) const {
  const auto entry = by_daemon_.find(daemon);
  if (entry == by_daemon_.end()) return std::nullopt;
  return entry->second;
}

NodeTable::Node* NodeTable::get(NodeId id) {
  const auto entry = nodes_.find(id);
  return entry == nodes_.end() ? nullptr : &entry->second;
}

const NodeTable::Node* NodeTable::get(NodeId id) const {
  return const_cast<NodeTable*>(this)->get(id);
}

void NodeTable::forget_wires(NodeId id) {
  NodeInfo& info = nodes_.at(id).info;
  // Not "= {}", which would keep a vector's memory.
  info.wires = std::vector<WireRecord>();
  info.numa = std::vector<NumaRecord>();
  info.fabric = std::string();
  info.switches = std::vector<std::string>();
  info.labels.clear();
  for (GpuRecord& gpu : info.gpus) gpu.nics = std::vector<std::string>();
}

void NodeTable::heard(NodeId id, Time now) {
  end_silence(now);
  get(id)->heard = now;
}

void NodeTable::end_silence(Time now) {
  if (now - last_heard_ > kNobodySpeaks) forgive(now - last_heard_, now);
  last_heard_ = now;
}

void NodeTable::forgive(Duration pause, Time now) {
  last_heard_ = std::min(now, last_heard_ + pause);
  for (auto& [id, node] : nodes_) node.heard = std::min(now, node.heard + pause);
}

void NodeTable::mark_dead(NodeId id, std::string cause, Time now) {
  Node* node = get(id);
  ATOLL_CHECK(node != nullptr && node->state == NodeState::kAlive, id);
  node->state = NodeState::kDead;
  node->cause = std::move(cause);
  node->changed = now;
  by_daemon_.erase(node->daemon.process);
  dead_.insert(node->daemon.process);
  --alive_;
}

Duration NodeTable::patience(Time now, Duration limit) const {
  return now - last_heard_ <= kNobodySpeaks ? limit : std::max(limit, kAllSilent);
}

std::vector<NodeId> NodeTable::silent(Time now, Duration limit) const {
  std::vector<NodeId> found;
  for (const auto& [id, node] : nodes_)
    if (node.state == NodeState::kAlive && now - node.heard > limit)
      found.push_back(id);
  return found;
}

std::optional<NodeId> NodeTable::home_for(const std::string& host) const {
  std::optional<NodeId> lowest;
  for (const auto& [id, node] : nodes_) {
    if (node.state != NodeState::kAlive) continue;
    if (node.info.name == host) return id;
    if (!lowest) lowest = id;
  }
  return lowest;
}

}  // namespace Atoll
