#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/scheduler/group.h"
#include "runtime/scheduler/group_rooms.h"

namespace Atoll {

// The node of each bundle of a group, or none; and if `proven`, there is no way at all.
struct BundleNodes {
  std::optional<std::vector<std::uint32_t>> nodes;
  bool proven = true;
};

// Cuts a group into segments of `segment` nodes, each inside one of `domains`; only the last segment may have fewer
// nodes. Segments hold consecutive bundles. For kPack and kSpread, and the rules of those strategies as far as the
// segments allow, exact for bundles alike; for others, each node takes as many of the next bundles as it can, the
// largest node first, in the domain where a segment gets furthest. For kStrictSpread a segment is `segment` consecutive
// bundles, and the domains of segments are tried in turn, at most kSegmentSteps times.
inline constexpr int kSegmentSteps = 2'000;
BundleNodes segment_rooms(const std::vector<Rooms>& domains, const std::vector<Resources>& bundles, int segment,
                          Strategy strategy);

}  // namespace Atoll
