#pragma once

#include <string>

#include "runtime/scheduler/cluster_view.h"
#include "runtime/scheduler/group.h"
#include "runtime/scheduler/group_finder.h"

namespace Atoll {

// Why a group is not placed now, or that it could be: one sentence in counts per node and level, such as "needs 8 GPUs
// in one island; 12 nodes have 8 GPUs in two islands of 4; 3 nodes are busy and have at most 5 GPUs free". Takes time
// linear in the nodes. `request` passes check_group().
std::string explain_group(const ClusterView& view, GroupFinder& finder, const GroupRequest& request);

}  // namespace Atoll
