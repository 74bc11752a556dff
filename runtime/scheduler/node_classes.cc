#include "runtime/scheduler/node_classes.h"

#include <utility>

namespace Atoll {
namespace {

std::uint64_t hash_of(const GpuGraph* graph, const std::vector<Fixed>& gpus) {
  std::uint64_t hash = reinterpret_cast<std::uintptr_t>(graph);
  for (const Fixed part : gpus) hash = (hash ^ static_cast<std::uint64_t>(part.units())) * 0x9e3779b97f4a7c15ULL + 1;
  return hash;
}

}  // namespace

void NodeClasses::set(std::uint32_t node, const std::shared_ptr<const GpuGraph>& graph,
                      const std::vector<Fixed>& gpus) {
  if (node >= class_of_node_.size()) class_of_node_.resize(node + 1, kNone);
  const std::uint32_t old = class_of_node_[node];
  if (old != kNone && classes_[old].value.graph == graph && classes_[old].value.gpus == gpus) return;
  remove(node);
  const std::uint32_t number = find_or_add(graph, gpus);
  Slot& slot = classes_[number];
  slot.value.nodes.set(node, true);
  if (++slot.value.count == 1) {
    slot.place = static_cast<std::uint32_t>(live_.size());
    live_.push_back(number);
  }
  class_of_node_[node] = number;
}

void NodeClasses::remove(std::uint32_t node) {
  if (node >= class_of_node_.size() || class_of_node_[node] == kNone) return;
  Slot& slot = classes_[std::exchange(class_of_node_[node], kNone)];
  slot.value.nodes.set(node, false);
  if (--slot.value.count > 0) return;
  classes_[live_.back()].place = slot.place;
  live_[slot.place] = live_.back();
  live_.pop_back();
  slot.place = kNone;
}

std::uint32_t NodeClasses::find_or_add(const std::shared_ptr<const GpuGraph>& graph, const std::vector<Fixed>& gpus) {
  const std::uint64_t hash = hash_of(graph.get(), gpus);
  const auto [begin, end] = by_hash_.equal_range(hash);
  for (auto entry = begin; entry != end; ++entry) {
    const Class& known = classes_[entry->second].value;
    if (known.graph == graph && known.gpus == gpus) return entry->second;
  }
  // Classes that have no nodes are kept for when they come again, but not for ever.
  if (unused_.empty() && classes_.size() > 2 * live_.size() + 256) drop_empty();
  if (unused_.empty()) {
    unused_.push_back(static_cast<std::uint32_t>(classes_.size()));
    classes_.emplace_back();
  }
  const std::uint32_t number = unused_.back();
  unused_.pop_back();
  classes_[number] = {{graph, gpus, {}, 0, ++last_serial_}, hash, kNone};
  by_hash_.emplace(hash, number);
  return number;
}

void NodeClasses::drop_empty() {
  for (auto entry = by_hash_.begin(); entry != by_hash_.end();) {
    Slot& slot = classes_[entry->second];
    if (slot.value.count > 0) {
      ++entry;
      continue;
    }
    slot.value = Class();
    unused_.push_back(entry->second);
    entry = by_hash_.erase(entry);
  }
}

}  // namespace Atoll
