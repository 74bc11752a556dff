#include "runtime/scheduler/group_levels.h"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>

#include "runtime/base/check.h"

namespace Atoll {
namespace {

// What domain a node is of; "" is one of its own.
using KeyOf = std::function<std::string(const NodePlace&)>;

constexpr char kSeparator = '\x1f';

std::vector<Domain> group_by(const ClusterView& view, const KeyOf& key_of) {
  std::vector<Domain> domains;
  std::unordered_map<std::string, std::size_t> known;
  for (std::uint32_t id = 0; id < view.end(); ++id) {
    const ClusterView::Node* node = view.find(NodeId(id));
    if (node == nullptr || !node->alive) continue;
    const std::string key = key_of(node->place);
    const std::size_t at = key.empty() ? domains.size() : known.try_emplace(key, domains.size()).first->second;
    if (at == domains.size()) domains.emplace_back();
    domains[at].push_back(id);
  }
  return domains;
}

std::string fabric_of(const NodePlace& place) { return place.fabric; }

// The path to the switch that is `height` above the leaf; the top where the node has no more. A name alone would do in
// Slurm, and the path does no harm.
std::string switch_of(const NodePlace& place, std::size_t height) {
  if (place.switches.empty()) return "";
  const std::size_t depth = place.switches.size() - std::min(height, place.switches.size() - 1);
  std::string path;
  for (std::size_t i = 0; i < depth; ++i) path += place.switches[i] + kSeparator;
  return path;
}

std::size_t tallest(const ClusterView& view) {
  std::size_t height = 0;
  for (std::uint32_t id = 0; id < view.end(); ++id)
    if (const auto* node = view.find(NodeId(id)); node != nullptr && node->alive)
      height = std::max(height, node->place.switches.size());
  return height;
}

void add_level(std::vector<std::vector<Domain>>& ladder, std::vector<Domain> domains) {
  std::erase_if(domains, [](const Domain& domain) { return domain.size() < 2; });
  if (!domains.empty() && (ladder.empty() || ladder.back() != domains)) ladder.push_back(std::move(domains));
}

}  // namespace

GroupLevels::GroupLevels(const ClusterView& view) {
  fabrics_ = group_by(view, fabric_of);
  switches_ = group_by(view, [](const NodePlace& place) { return switch_of(place, 0); });
  cluster_ = group_by(view, [](const NodePlace&) { return std::string("all"); });
  add_level(fabric_ladder_, fabrics_);
  add_level(switch_ladder_, group_by(view, [](const NodePlace& place) {
              return place.fabric.empty() || place.switches.empty() ? "" : switch_of(place, 0) + place.fabric;
            }));
  add_level(switch_ladder_, switches_);
  add_level(cluster_ladder_, fabrics_);
  const std::size_t height = tallest(view);
  for (std::size_t i = 0; i < height; ++i)
    add_level(cluster_ladder_, group_by(view, [i](const NodePlace& place) { return switch_of(place, i); }));
  add_level(cluster_ladder_, cluster_);
}

const std::vector<Domain>& GroupLevels::domains(Level level) const {
  ATOLL_CHECK(level > Level::kNode, to_string(level));
  return level == Level::kFabric ? fabrics_ : level == Level::kSwitch ? switches_ : cluster_;
}

const std::vector<std::vector<Domain>>& GroupLevels::ladder(Level within) const {
  ATOLL_CHECK(within > Level::kNode, to_string(within));
  return within == Level::kFabric ? fabric_ladder_ : within == Level::kSwitch ? switch_ladder_ : cluster_ladder_;
}

}  // namespace Atoll
