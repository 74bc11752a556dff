// spread_rooms() and strict_spread_rooms(): as many nodes as possible.
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "runtime/scheduler/feasibility.h"
#include "runtime/scheduler/group_rooms.h"

namespace Atoll {
namespace {

std::vector<Resources> bundles_of(const BundleShapes& shapes) {
  std::vector<Resources> bundles;
  for (const BundleShapes::Shape& shape : shapes.shapes)
    bundles.insert(bundles.end(), static_cast<std::size_t>(shape.count()), shape.request);
  return bundles;
}

// Loads out of the node of each bundle, bundles by shape.
std::vector<NodeLoad> loads_of(const BundleShapes& shapes, const std::vector<std::uint32_t>& nodes) {
  std::map<std::uint32_t, std::vector<int>> counts;
  auto node = nodes.begin();
  for (std::size_t shape = 0; shape < shapes.shapes.size(); ++shape)
    for (int i = 0; i < shapes.shapes[shape].count(); ++i) {
      std::vector<int>& here = counts[*node++];
      here.resize(shapes.shapes.size());
      ++here[shape];
    }
  std::vector<NodeLoad> loads;
  for (auto& [id, here] : counts) loads.push_back({id, std::move(here)});
  return loads;
}

// Bundles alike: what is there is filled up like water, to the lowest height that holds all; at the surface the first
// nodes have one more.
Layout spread_alike(const Rooms& rooms, const Resources& request, int bundles) {
  const std::vector<int> capacity = capacities(rooms, request, bundles);
  int height = 0;
  const auto below = [&](std::size_t i, int level) { return std::clamp(level - rooms[i].held, 0, capacity[i]); };
  const auto held_below = [&](int level) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < rooms.size(); ++i) sum += below(i, level);
    return sum;
  };
  int most = bundles;
  for (const NodeRoom& room : rooms) most = std::max(most, room.held + bundles);
  if (held_below(most) < bundles) return {};
  int above = most;  // the lowest height that is known to be enough
  while (height + 1 < above) {
    const int middle = height + (above - height) / 2;
    (held_below(middle) >= bundles ? above : height) = middle;
  }
  std::int64_t surface = bundles - held_below(height);
  std::vector<NodeLoad> loads;
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    int here = below(i, height);
    if (surface > 0 && below(i, above) > here) ++here, --surface;
    if (here > 0) loads.push_back({rooms[i].node, {here}});
  }
  return {std::move(loads)};
}

// The biggest bundle first, to the node with the fewest of the group that has it.
std::optional<std::vector<NodeLoad>> spread_greedily(const Rooms& rooms, const BundleShapes& shapes) {
  struct Node {
    NodeResources free;
    int held;
  };
  std::vector<Node> nodes;
  for (const NodeRoom& room : rooms) nodes.push_back({*room.free, room.held});
  std::vector<std::uint32_t> node_of;
  for (const Resources& bundle : bundles_of(shapes)) {
    auto best = nodes.end();
    for (auto node = nodes.begin(); node != nodes.end(); ++node)
      if ((best == nodes.end() || node->held < best->held) && fits(node->free, bundle)) best = node;
    if (best == nodes.end()) return std::nullopt;
    take(best->free, bundle);
    ++best->held;
    node_of.push_back(rooms[static_cast<std::size_t>(best - nodes.begin())].node);
  }
  return loads_of(shapes, node_of);
}

}  // namespace

Layout strict_spread_rooms(const Rooms& rooms, const BundleShapes& shapes) {
  const auto fits_on = [&rooms](int i, const Resources& request) {
    return rooms[i].held == 0 && fits(*rooms[i].free, request);
  };
  const auto chosen = strict_spread(static_cast<int>(rooms.size()), fits_on, bundles_of(shapes));
  if (!chosen) return {};
  std::vector<std::uint32_t> nodes;
  for (const int i : *chosen) nodes.push_back(rooms[i].node);
  return {loads_of(shapes, nodes)};
}

Layout spread_rooms(const Rooms& rooms, const BundleShapes& shapes) {
  if (shapes.bundles == 0) return {std::vector<NodeLoad>()};
  if (shapes.shapes.size() == 1) return spread_alike(rooms, shapes.shapes[0].request, shapes.bundles);
  if (Layout alone = strict_spread_rooms(rooms, shapes); alone.loads) return alone;
  if (plainly_too_small(rooms, shapes)) return {};
  if (auto loads = spread_greedily(rooms, shapes)) return {std::move(loads)};
  return pack_rooms(rooms, shapes);
}

}  // namespace Atoll
