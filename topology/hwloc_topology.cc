#include "topology/hwloc_topology.h"

#include <cerrno>

namespace Atoll {

Result<HwlocTopology> HwlocTopology::load() { return load_node(false); }

Result<HwlocTopology> HwlocTopology::load_with_devices() { return load_node(true); }

Result<HwlocTopology> HwlocTopology::load_node(bool with_devices) {
  HwlocTopology owner;
  if (hwloc_topology_init(&owner.topology_) != 0) return errno_status("hwloc cannot start", errno);
  hwloc_topology_set_all_types_filter(owner.topology_, HWLOC_TYPE_FILTER_KEEP_NONE);
  if (with_devices) hwloc_topology_set_io_types_filter(owner.topology_, HWLOC_TYPE_FILTER_KEEP_ALL);
  hwloc_topology_set_components(owner.topology_, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
  // sysfs tells the same, and libpciaccess behind this plugin leaks what it knows of each device.
  hwloc_topology_set_components(owner.topology_, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "pci");
  if (hwloc_topology_load(owner.topology_) != 0) return errno_status("hwloc cannot describe this node", errno);
  return owner;
}

Result<HwlocTopology> HwlocTopology::load_xml(const std::string& xml) {
  HwlocTopology owner;
  if (hwloc_topology_init(&owner.topology_) != 0) return errno_status("hwloc cannot start", errno);
  hwloc_topology_set_flags(owner.topology_, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  hwloc_topology_set_io_types_filter(owner.topology_, HWLOC_TYPE_FILTER_KEEP_ALL);
  const int size = static_cast<int>(xml.size()) + 1;  // hwloc counts the final zero
  if (hwloc_topology_set_xmlbuffer(owner.topology_, xml.c_str(), size) != 0 ||
      hwloc_topology_load(owner.topology_) != 0)
    return Status(Code::kInvalidArgument, "hwloc cannot read this as a topology");
  return owner;
}

HwlocTopology::~HwlocTopology() {
  if (topology_ != nullptr) hwloc_topology_destroy(topology_);
}

HwlocSet::HwlocSet(const std::vector<int>& members) : HwlocSet() {
  for (int member : members) hwloc_bitmap_set(set_, static_cast<unsigned>(member));
}

CpuList to_list(hwloc_const_bitmap_t set) {
  CpuList members;
  if (set == nullptr || hwloc_bitmap_weight(set) < 0) return members;
  for (int member = hwloc_bitmap_first(set); member >= 0; member = hwloc_bitmap_next(set, member))
    members.push_back(member);
  return members;
}

}  // namespace Atoll
