#pragma once

#include <hwloc.h>

#include <string>
#include <utility>

#include "runtime/base/status.h"
#include "topology/cpus.h"

namespace Atoll {

// Owns a loaded hwloc topology.
class HwlocTopology {
 public:
  // This process's node, only processors and NUMA nodes: 2 ms, against 7 to 12 for everything that hwloc can find.
  static Result<HwlocTopology> load();
  // The same with PCI and the devices of the operating system.
  static Result<HwlocTopology> load_with_devices();
  // The node that an XML file describes, with its devices and matrices; nothing of this one. Only for XML that
  // clean_hwloc_xml() wrote: hwloc trusts what it reads.
  static Result<HwlocTopology> load_xml(const std::string& xml);
  HwlocTopology(HwlocTopology&& other) noexcept : topology_(std::exchange(other.topology_, nullptr)) {}
  HwlocTopology& operator=(HwlocTopology&& other) noexcept {
    std::swap(topology_, other.topology_);
    return *this;
  }
  ~HwlocTopology();

  hwloc_topology_t get() const { return topology_; }

 private:
  HwlocTopology() = default;
  static Result<HwlocTopology> load_node(bool with_devices);
  hwloc_topology_t topology_ = nullptr;
};

// Owns a set of CPUs or NUMA nodes in hwloc's form.
class HwlocSet {
 public:
  HwlocSet() : set_(hwloc_bitmap_alloc()) {}
  explicit HwlocSet(const std::vector<int>& members);
  HwlocSet(const HwlocSet&) = delete;
  HwlocSet& operator=(const HwlocSet&) = delete;
  ~HwlocSet() { hwloc_bitmap_free(set_); }

  hwloc_bitmap_t get() const { return set_; }

 private:
  hwloc_bitmap_t set_;
};

// The members of a finite hwloc set; none for nullptr.
CpuList to_list(hwloc_const_bitmap_t set);

}  // namespace Atoll
