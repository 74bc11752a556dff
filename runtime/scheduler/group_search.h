#pragma once

#include "runtime/scheduler/group_rooms.h"

namespace Atoll {

// Any way to put all bundles onto the nodes, found by trying: bundle by bundle, the biggest first, on each node that has
// it, bundles alike in node order, and of nodes that look alike only the first. Not proven when it gives up after
// `most_steps` tries. What goes onto a node together is decided by pack_onto_node().
Layout search_rooms(const Rooms& rooms, const BundleShapes& shapes, int most_steps);

}  // namespace Atoll
