#pragma once

#include <hwloc.h>

#include <optional>
#include <string>
#include <vector>

#include "topology/machine.h"

namespace Atoll {

// Where things are in a loaded hwloc topology.

// The NUMA nodes that have processors, by ascending index, no processor in two. One that hwloc shows beside several
// nodes (memory of several kinds) belongs to the node with the fewest, then to the lowest index. Nodes without
// processors of their own are left out: the memory of GPUs, which some systems show as NUMA nodes, and the second kind
// of memory.
std::vector<NumaNode> numa_nodes(hwloc_topology_t topology);

// Whether hwloc shows a processor beside several NUMA nodes.
bool share_processors(hwloc_topology_t topology);

// The PCI function that an object is or hangs on; nullptr without one.
hwloc_obj_t pci_function(hwloc_obj_t object);

// "0000:1b:00.0" of a PCI function.
std::string pci_address(hwloc_obj_t function);

// The one of numa_nodes() that an I/O object hangs on; none when it hangs on several, or on none.
std::optional<int> numa_of(hwloc_topology_t topology, hwloc_obj_t object);

// How near two PCI functions are to each other.
enum class Nearness : std::uint8_t { kSwitch, kHostBridge, kElsewhere };
struct Distance {
  Nearness nearness = Nearness::kElsewhere;
  int steps = 0;  // objects up from the first to what they have in common
};
Distance distance(hwloc_obj_t function, hwloc_obj_t other);

// The value of an object's info; "" without one.
std::string info_of(hwloc_obj_t object, const char* name);

}  // namespace Atoll
