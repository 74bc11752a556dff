#pragma once

#include <string>
#include <vector>

#include "topology/cpus.h"

namespace Atoll {

// The processors of each core of this node (two hardware threads, or one) that has some of `cpus`, those of no known
// core left out. As `folder`/cpuN/topology/thread_siblings_list tells: one small file a core, where hwloc would read
// all about the node once more (4 ms even for two processors).
std::vector<CpuList> find_cores(const CpuList& cpus, const std::string& folder = "/sys/devices/system/cpu");

}  // namespace Atoll
