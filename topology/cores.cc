#include "topology/cores.h"

#include "topology/hwloc_topology.h"

namespace Atoll {

std::vector<CpuList> cores_of_this_node() {
  const Result<HwlocTopology> topology = HwlocTopology::load_with_cores();
  if (!topology.ok()) return {};
  std::vector<CpuList> cores;
  for (hwloc_obj_t core = nullptr;
       (core = hwloc_get_next_obj_by_type(topology->get(), HWLOC_OBJ_CORE, core)) != nullptr;)
    cores.push_back(to_list(core->cpuset));
  return cores;
}

}  // namespace Atoll
