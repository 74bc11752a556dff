#pragma once

#include <vector>

#include "topology/cpus.h"

namespace Atoll {

// The processors of this node's cores that this process may use, one list a core (two hardware threads, or one). Takes
// about 2 ms. Empty where hwloc cannot tell.
std::vector<CpuList> cores_of_this_node();

}  // namespace Atoll
