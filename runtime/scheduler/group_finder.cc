#include "runtime/scheduler/group_finder.h"

#include <algorithm>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/scheduler/label_selector.h"

namespace Atoll {
namespace {

constexpr std::size_t kMostSelectors = 64;
constexpr std::size_t kMostIndexedShapes = 16;  // the first question of a shape is of all nodes

// The amount that decides how much room is left: GPUs if the group asks for any, else the next kind that it asks for.
double amount_of(const Resources& amounts, const Resources& asked) {
  if (!asked.gpu.is_zero()) return static_cast<double>(amounts.gpu.units());
  if (!asked.cpu.is_zero()) return amounts.cpu.to_double();
  if (asked.memory != 0) return static_cast<double>(amounts.memory);
  for (const auto& [name, amount] : asked.custom)
    if (const auto found = amounts.custom.find(name); !amount.is_zero())
      return found == amounts.custom.end() ? 0 : found->second.to_double();
  return 0;
}

BundleNodes nodes_of(const Layout& layout, const BundleShapes& shapes, std::vector<std::uint32_t> nodes) {
  if (!layout.loads) return {std::nullopt, layout.proven};
  assign_bundles(shapes, *layout.loads, nodes);
  return {std::move(nodes)};
}

}  // namespace

void GroupFinder::forget_old() {
  if (membership_ == view_.membership()) return;
  membership_ = view_.membership();
  levels_.reset();
  allowed_.clear();
}

const GroupLevels& GroupFinder::levels() {
  forget_old();
  if (levels_ == nullptr) levels_ = std::make_unique<GroupLevels>(view_);
  return *levels_;
}

const FitSet* GroupFinder::allowed(const LabelSelector& labels) {
  if (labels.empty()) return nullptr;
  forget_old();
  const auto known = allowed_.find(labels);
  if (known != allowed_.end()) return &known->second;
  if (allowed_.size() >= kMostSelectors) allowed_.clear();
  const auto rules = parse_selector(labels);
  ATOLL_CHECK(rules.ok(), rules.status().message());
  FitSet& nodes = allowed_[labels];
  for (std::uint32_t id = 0; id < view_.end(); ++id)
    if (const auto* node = view_.find(NodeId(id)); node != nullptr && node->alive)
      nodes.set(id, matches(*rules, node->place.labels));
  return &nodes;
}

Rooms GroupFinder::rooms_of(const Domain& domain, Room room, const FitSet* allowed, const FitSet* fitting) const {
  Rooms rooms;
  for (const std::uint32_t id : domain) {
    if (fitting != nullptr && !fitting->contains(id)) continue;
    if (allowed != nullptr && !allowed->contains(id)) continue;
    if (rooms.empty()) rooms.reserve(domain.size());
    const ClusterView::Node& node = *view_.find(NodeId(id));
    rooms.push_back({id, room == Room::kNow ? &node.free : &node.total});
  }
  return rooms;
}

// How much of what decides the domain has.
double GroupFinder::room_of(const Domain& domain, Room room, const FitSet* allowed, const Resources& asked) const {
  double sum = 0;
  for (const std::uint32_t id : domain) {
    if (allowed != nullptr && !allowed->contains(id)) continue;
    if (asked.gpu.is_zero()) {
      const ClusterView::Node& node = *view_.find(NodeId(id));
      sum += amount_of((room == Room::kNow ? node.free : node.total).amounts, asked);
    } else {
      sum += static_cast<double>(view_.gpu_room(id, room).units());
    }
  }
  return sum;
}

BundleNodes GroupFinder::find(const GroupRequest& request, Room room) {
  if (request.strategy == Strategy::kStrictPack || request.within <= Level::kNode) return find_one_node(request, room);
  if (request.segment > 0) return find_segments(request, room);
  switch (request.strategy) {
    case Strategy::kSpread:
    case Strategy::kStrictSpread:
      return find_spread(request, room);
    default:
      return find_packed(request, room);
  }
}

BundleNodes GroupFinder::find_one_node(const GroupRequest& request, Room room) {
  const bool one_island = request.within == Level::kIsland;
  const auto node = choice_.choose(view_, room, request.bundles, one_island, allowed(request.labels), picks_);
  if (!node) return {};
  return {std::vector<std::uint32_t>(request.bundles.size(), *node)};
}

// Where the whole cluster may be used, of each shape the first nodes, as many as there are bundles, are as good as all
// for bundles that each get a node of their own.
BundleNodes GroupFinder::find_spread(const GroupRequest& request, Room room) {
  const bool strict = request.strategy == Strategy::kStrictSpread;
  const BundleShapes shapes = BundleShapes::of(request.bundles);
  if (request.within == Level::kCluster && shapes.shapes.size() <= kMostIndexedShapes) {
    const FitSet* labels = allowed(request.labels);
    Domain nodes;
    for (const BundleShapes::Shape& shape : shapes.shapes) {
      const FitSet& fitting = view_.fitting(shape.request, room);
      std::uint32_t node = first_common(fitting, labels, nullptr);
      for (int i = 0; i < shapes.bundles && node != FitSet::kNone; ++i) {
        nodes.push_back(node);
        node = first_common(fitting, labels, nullptr, node + 1);
      }
    }
    std::ranges::sort(nodes);
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    const Layout layout = strict_spread_rooms(rooms_of(nodes, room, nullptr), shapes);
    if (layout.loads || strict) return nodes_of(layout, shapes, std::vector<std::uint32_t>(request.bundles.size()));
  }
  return find_in_one_of(levels().domains(request.within), request, room, strict ? strict_spread_rooms : spread_rooms);
}

BundleNodes GroupFinder::find_packed(const GroupRequest& request, Room room) {
  if (BundleNodes one = find_one_node(request, room); one.nodes) return one;
  BundleNodes found;
  for (const auto& domains : levels().ladder(request.within)) {
    found = find_in_one_of(domains, request, room, pack_rooms);
    if (found.nodes) break;
  }
  return found;
}

// In the domain that is left the least room; of a spread group, first in one where it has the most nodes.
BundleNodes GroupFinder::find_in_one_of(const std::vector<Domain>& domains, const GroupRequest& request, Room room,
                                        Pack pack) {
  const BundleShapes shapes = BundleShapes::of(request.bundles);
  const FitSet* labels = allowed(request.labels);
  const Resources asked = shapes.sum();
  const double needed = amount_of(asked, asked);
  std::vector<std::pair<double, const Domain*>> candidates;
  for (const Domain& domain : domains)
    if (const double has = room_of(domain, room, labels, asked); has >= needed) candidates.emplace_back(has, &domain);
  std::ranges::stable_sort(candidates, {}, &std::pair<double, const Domain*>::first);
  const std::size_t enough = request.strategy == Strategy::kSpread ? request.bundles.size() : 1;
  Layout best;
  for (const auto& [has, domain] : candidates) {
    Layout layout = pack(rooms_of(*domain, room, labels), shapes);
    layout.proven &= best.proven;
    if (!layout.loads || (best.loads && best.loads->size() >= layout.loads->size()))
      best.proven = layout.proven;
    else
      best = std::move(layout);
    if (best.loads && best.loads->size() >= enough) break;
  }
  return nodes_of(best, shapes, std::vector<std::uint32_t>(request.bundles.size()));
}

BundleNodes GroupFinder::find_segments(const GroupRequest& request, Room room) {
  // Of bundles alike, nodes that have room for none of them are no part of any answer, and are not looked at.
  const bool alike = std::ranges::all_of(request.bundles, [&](const auto& one) { return one == request.bundles[0]; });
  const FitSet* fitting = alike ? &view_.fitting(request.bundles[0], room) : nullptr;
  const FitSet* labels = allowed(request.labels);
  std::vector<Rooms> domains;
  for (const Domain& domain : levels().domains(request.within)) {
    Rooms rooms = rooms_of(domain, room, labels, fitting);
    if (!rooms.empty()) domains.push_back(std::move(rooms));
  }
  const auto most = static_cast<int>(std::min<std::size_t>(request.segment, kMaxBundles));
  return segment_rooms(domains, request.bundles, most, request.strategy);
}

}  // namespace Atoll
