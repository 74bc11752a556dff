#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/scheduler/bundle_shapes.h"
#include "runtime/scheduler/node_resources.h"

namespace Atoll {

// A node that a group may use, and the room it has there.
struct NodeRoom {
  std::uint32_t node = 0;
  const NodeResources* free = nullptr;
  int held = 0;  // bundles of the group that are there already, and are no part of what is asked
};
using Rooms = std::vector<NodeRoom>;  // by ascending node

// Where bundles go: loads by ascending node, each with a bundle at least. No loads: they do not fit, and if `proven`
// there is no way at all.
struct Layout {
  std::optional<std::vector<NodeLoad>> loads;
  bool proven = true;
};

// All bundles onto as few of the nodes as it finds, those that hold some of the group already first. Exact for bundles
// alike; for others first fit, biggest first, then a search of at most kSearchSteps steps.
inline constexpr int kSearchSteps = 10'000;
Layout pack_rooms(const Rooms& rooms, const BundleShapes& shapes);

// All bundles onto as many of the nodes as it finds, no node with many while another has few. Exact for bundles alike,
// and wherever each can have a node of its own; else as pack_rooms() can.
Layout spread_rooms(const Rooms& rooms, const BundleShapes& shapes);

// Each bundle onto a node of its own that holds none of the group, exactly when there is an assignment.
Layout strict_spread_rooms(const Rooms& rooms, const BundleShapes& shapes);

// How often each room has `request`, at most `limit` times.
std::vector<int> capacities(const Rooms& rooms, const Resources& request, int limit);

// Whether the rooms cannot have all of it because of a plain sum, or of a shape that fits nowhere.
bool plainly_too_small(const Rooms& rooms, const BundleShapes& shapes);

}  // namespace Atoll
