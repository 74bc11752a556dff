#pragma once

#include "runtime/scheduler/group_rooms.h"

namespace Atoll {

// Any way to put all bundles onto the nodes, found by trying: bundle by bundle, the biggest first, on each node that
// has it, bundles alike in node order, and of nodes that look alike only the first. Not proven when it gives up after
// `most_steps` tries, or where fractions of GPUs of many sizes are packed by best fit alone (kSearchStates).
inline constexpr std::size_t kSearchStates = 256;
Layout search_rooms(const Rooms& rooms, const BundleShapes& shapes, int most_steps);

}  // namespace Atoll
