#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/scheduler/group_segments.h"

namespace Atoll {

// Segments of bundles that are not alike; see segment_rooms().

// Every bundle on a node of its own: each `segment` consecutive ones in one domain.
BundleNodes segment_apart(const std::vector<Rooms>& domains, const std::vector<Resources>& bundles, int segment);

// Several on a node: each node takes as many of the next bundles as it can.
std::optional<std::vector<std::uint32_t>> segment_filled(const std::vector<Rooms>& domains,
                                                         const std::vector<Resources>& bundles, int segment);

}  // namespace Atoll
