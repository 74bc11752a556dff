// GroupFinder::find_missing(): new places for the bundles that lost theirs.
#include <algorithm>
#include <map>

#include "runtime/base/check.h"
#include "runtime/scheduler/group_finder.h"

namespace Atoll {

// The bundles that are still there: how many on each node, and what an otherwise empty node has beside them.
class GroupFinder::Held {
 public:
  Held(const ClusterView& view, const GroupRequest& request, const std::vector<BundlePlace>& places) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i].node == NodeId::kNone) continue;
      const auto id = static_cast<std::uint32_t>(places[i].node);
      const ClusterView::Node* node = view.find(places[i].node);
      if (node == nullptr || !node->alive) continue;
      const auto [entry, is_new] = nodes_.try_emplace(id, OnNode{0, node->total});
      ++entry->second.bundles;
      if (has_shares(entry->second.beside, request.bundles[i].gpu, places[i].gpus) &&
          covers(entry->second.beside.amounts, request.bundles[i]))
        take(entry->second.beside, request.bundles[i], places[i].gpus);
    }
  }

  struct OnNode {
    int bundles;
    NodeResources beside;
  };
  const std::map<std::uint32_t, OnNode>& nodes() const { return nodes_; }

  // Whether all of them are in `domain`.
  bool within(const Domain& domain) const {
    return std::ranges::all_of(nodes_,
                               [&](const auto& entry) { return std::ranges::binary_search(domain, entry.first); });
  }

 private:
  std::map<std::uint32_t, OnNode> nodes_;
};

Rooms GroupFinder::rooms_of(const Domain& domain, Room room, const FitSet* allowed, const Held& held) const {
  Rooms rooms = rooms_of(domain, room, allowed);
  for (NodeRoom& node : rooms) {
    const auto found = held.nodes().find(node.node);
    if (found == held.nodes().end()) continue;
    node.held = found->second.bundles;
    if (room == Room::kEmpty) node.free = &found->second.beside;
  }
  return rooms;
}

Layout GroupFinder::find_missing_nodes(const GroupRequest& request, const Held& held, const BundleShapes& missing,
                                       Room room) {
  const FitSet* labels = allowed(request.labels);
  if (request.strategy == Strategy::kStrictPack || request.within <= Level::kNode) {
    Domain node;
    for (const auto& [id, on_node] : held.nodes()) node.push_back(id);
    if (node.size() != 1) return {};
    return pack_rooms(rooms_of(node, room, labels, held), missing);
  }
  const Pack pack = request.strategy == Strategy::kSpread         ? spread_rooms
                    : request.strategy == Strategy::kStrictSpread ? strict_spread_rooms
                                                                  : pack_rooms;
  Layout none;
  if (request.strategy == Strategy::kPack)
    for (const auto& domains : levels().ladder(request.within))
      for (const Domain& domain : domains)
        if (held.within(domain))
          if (Layout layout = pack(rooms_of(domain, room, labels, held), missing); layout.loads) return layout;
  for (const Domain& domain : levels().domains(request.within)) {
    if (!held.within(domain)) continue;
    Layout layout = pack(rooms_of(domain, room, labels, held), missing);
    if (layout.loads) return layout;
    none.proven &= layout.proven;
  }
  return none;
}

// Which segment a bundle was of is told by how many bundles its nodes held: as many as the fullest of those that are
// left. The missing ones of a segment go to the domain where its others are.
BundleNodes GroupFinder::find_missing_segments(const GroupRequest& request, const std::vector<BundlePlace>& places,
                                               const Held& held, Room room) {
  std::size_t per_node = 1;
  for (const auto& [id, on_node] : held.nodes()) per_node = std::max<std::size_t>(per_node, on_node.bundles);
  const std::size_t per_segment = per_node * request.segment;
  BundleNodes found{std::vector<std::uint32_t>(places.size())};
  std::map<std::uint32_t, bool> used;
  for (std::size_t first = 0; first < places.size(); first += per_segment) {
    std::vector<int> missing;
    Domain nodes;
    for (std::size_t i = first; i < std::min(first + per_segment, places.size()); ++i) {
      (*found.nodes)[i] = static_cast<std::uint32_t>(places[i].node);
      if (places[i].node == NodeId::kNone)
        missing.push_back(static_cast<int>(i));
      else
        nodes.push_back((*found.nodes)[i]);
    }
    if (missing.empty()) continue;
    const BundleShapes shapes = BundleShapes::of(request.bundles, missing);
    Layout layout;
    for (const Domain& domain : levels().domains(request.within)) {
      const auto inside = [&domain](std::uint32_t id) { return std::ranges::binary_search(domain, id); };
      if (!std::ranges::all_of(nodes, inside)) continue;
      Rooms rooms = rooms_of(domain, room, allowed(request.labels), held);
      std::erase_if(rooms, [&](const NodeRoom& node) { return node.held > 0 || used.contains(node.node); });
      layout =
          request.strategy == Strategy::kStrictSpread ? strict_spread_rooms(rooms, shapes) : pack_rooms(rooms, shapes);
      std::vector<std::uint32_t> all = nodes;
      if (layout.loads)
        for (const NodeLoad& load : *layout.loads) all.push_back(load.node);
      std::ranges::sort(all);
      all.erase(std::unique(all.begin(), all.end()), all.end());
      if (all.size() > request.segment) layout = {};
      if (layout.loads) break;
    }
    if (!layout.loads) return {std::nullopt, false};
    assign_bundles(shapes, *layout.loads, *found.nodes);
    for (const NodeLoad& load : *layout.loads) used[load.node] = true;
  }
  return found;
}

BundleNodes GroupFinder::find_missing(const GroupRequest& request, const std::vector<BundlePlace>& places, Room room) {
  std::vector<int> missing;
  std::vector<std::uint32_t> nodes(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    nodes[i] = static_cast<std::uint32_t>(places[i].node);
    if (places[i].node == NodeId::kNone) missing.push_back(static_cast<int>(i));
  }
  if (missing.size() == places.size()) return find(request, room);
  const Held held(view_, request, places);
  if (request.segment > 0) return find_missing_segments(request, places, held, room);
  const BundleShapes shapes = BundleShapes::of(request.bundles, missing);
  const Layout layout = find_missing_nodes(request, held, shapes, room);
  if (!layout.loads) return {std::nullopt, layout.proven};
  assign_bundles(shapes, *layout.loads, nodes);
  return {std::move(nodes)};
}

}  // namespace Atoll
