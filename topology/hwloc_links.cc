#include "topology/hwloc_links.h"

#include <hwloc/distances.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string_view>

#include "topology/hwloc_places.h"
#include "topology/link_speed.h"
#include "topology/pair_speed.h"

namespace Atoll {

namespace {

constexpr unsigned kMaxMatrices = 8;
constexpr int kMaxLanes = 1024;

bool is_nvswitch(hwloc_obj_t object) {
  if (object->type != HWLOC_OBJ_PCI_DEVICE) return false;
  if (object->subtype != nullptr && std::string_view(object->subtype) == "NVSwitch") return true;
  return object->attr->pcidev.vendor_id == 0x10de && object->attr->pcidev.class_id == 0x0680;
}

// hwloc before 2.9.1 counted a lane of an A100 twice.
bool counts_ampere_twice(hwloc_topology_t topology) {
  const std::string version = info_of(hwloc_get_root_obj(topology), "hwlocVersion");
  int major = 0, minor = 0, release = 0;
  if (std::sscanf(version.c_str(), "%4d.%4d.%4d", &major, &minor, &release) < 2) return false;
  return major == 2 && (minor < 9 || (minor == 9 && release < 1));
}

bool is_ampere(const std::string& model) { return compute_capability(model) / 10 == 8; }

// Which GPU or switch an object of a matrix is.
struct Ends {
  std::vector<const HwlocGpu*> gpu;  // by position in the matrix; nullptr for what is none
  std::vector<bool> is_switch;
};

class MatrixReader {
 public:
  MatrixReader(hwloc_topology_t topology, const std::vector<HwlocGpu>& gpus, std::vector<std::string>& warnings)
      : topology_(topology), gpus_(gpus), warnings_(warnings), ampere_twice_(counts_ampere_twice(topology)) {}

  // Adds the links of all matrices of this name; false without any.
  bool read(const char* name, LinkKind kind) {
    hwloc_distances_s* matrices[kMaxMatrices] = {};
    unsigned count = kMaxMatrices;
    if (hwloc_distances_get_by_name(topology_, name, &count, matrices, 0) != 0) return false;
    count = std::min(count, kMaxMatrices);
    for (unsigned i = 0; i < count; ++i) {
      read(*matrices[i], kind);
      hwloc_distances_release(topology_, matrices[i]);
    }
    return count > 0;
  }

  std::vector<Link> links() const {
    std::vector<Link> links;
    for (const auto& [pair, link] : links_) links.push_back(link);
    return links;
  }

 private:
  void read(const hwloc_distances_s& matrix, LinkKind kind) {
    const Ends ends = find_ends(matrix);
    for (unsigned i = 0; i < matrix.nbobjs; ++i)
      for (unsigned j = i + 1; j < matrix.nbobjs; ++j)
        if (ends.gpu[i] != nullptr && ends.gpu[j] != nullptr && ends.gpu[i] != ends.gpu[j])
          add_pair(matrix, ends, kind, i, j);
  }

  Ends find_ends(const hwloc_distances_s& matrix) const {
    Ends ends;
    for (unsigned i = 0; i < matrix.nbobjs; ++i) {
      const hwloc_obj_t object = matrix.objs[i];
      ends.gpu.push_back(object == nullptr ? nullptr : find(object));
      ends.is_switch.push_back(object != nullptr && ends.gpu.back() == nullptr && is_nvswitch(object));
    }
    return ends;
  }

  // The GPU of this device; or, where a PCI function is one GPU, of any of its devices.
  const HwlocGpu* find(hwloc_obj_t object) const {
    const HwlocGpu* found = nullptr;
    int others = 0;
    for (const HwlocGpu& gpu : gpus_) {
      if (gpu.device == object) return &gpu;
      if (gpu.function != pci_function(object)) continue;
      found = &gpu;
      ++others;
    }
    return others == 1 ? found : nullptr;
  }

  void add_pair(const hwloc_distances_s& matrix, const Ends& ends, LinkKind kind, unsigned i, unsigned j) {
    const auto value = [&](unsigned from, unsigned to) { return matrix.values[from * matrix.nbobjs + to]; };
    const auto to_switches = [&](unsigned from) {
      std::uint64_t sum = 0;
      for (unsigned to = 0; to < matrix.nbobjs; ++to)
        if (ends.is_switch[to]) sum += std::min<std::uint64_t>(value(from, to), UINT32_MAX);
      return sum;
    };
    const GpuInfo &one = ends.gpu[i]->info, &other = ends.gpu[j]->info;
    if (value(i, j) > 0 && value(j, i) > 0) return add(one, other, kind, false, std::min(value(i, j), value(j, i)));
    if (value(i, j) > 0 || value(j, i) > 0)
      warnings_.push_back("GPUs " + std::to_string(one.index) + " and " + std::to_string(other.index) +
                          " have a bandwidth in one direction only: this is taken for no link");
    if (const std::uint64_t least = std::min(to_switches(i), to_switches(j)); least > 0)
      add(one, other, kind, true, least);
  }

  void add(const GpuInfo& one, const GpuInfo& other, LinkKind kind, bool via_switch, std::uint64_t bandwidth) {
    Link link{std::min(one.index, other.index), std::max(one.index, other.index), kind, via_switch, 0, 0};
    const double unit = std::max(lane_unit(kind, one.model, bandwidth), lane_unit(kind, other.model, bandwidth));
    link.lanes = static_cast<int>(std::clamp<double>(std::round(static_cast<double>(bandwidth) / unit), 1, kMaxLanes));
    link.gbps = pair_gbps(kind, one.model, other.model, link.lanes);
    links_.emplace(std::pair(link.a, link.b), link);
  }

  // What hwloc writes for one lane, in MB/s (hwloc's topology-nvml.c, topology-rsmi.c).
  double lane_unit(LinkKind kind, const std::string& model, std::uint64_t bandwidth) const {
    if (kind == LinkKind::kXgmi) return 100000;
    if (compute_capability(model) == 60) return 20000;
    if (model.empty() && bandwidth % 25000 != 0 && bandwidth % 20000 == 0) return 20000;
    return ampere_twice_ && is_ampere(model) ? 50000 : 25000;
  }

  hwloc_topology_t topology_;
  const std::vector<HwlocGpu>& gpus_;
  std::vector<std::string>& warnings_;
  const bool ampere_twice_;
  std::map<std::pair<int, int>, Link> links_;
};

}  // namespace

std::vector<Link> hwloc_links(hwloc_topology_t topology, const std::vector<HwlocGpu>& gpus,
                              std::vector<std::string>& warnings) {
  MatrixReader reader(topology, gpus, warnings);
  const bool nvlink = reader.read("NVLinkBandwidth", LinkKind::kNvlink);
  const bool xgmi = reader.read("XGMIBandwidth", LinkKind::kXgmi);
  if (!nvlink && !xgmi && gpus.size() > 1)
    warnings.push_back("no link information: hwloc tells of no NVLink or XGMI here, so each GPU is taken to be alone");
  return reader.links();
}

}  // namespace Atoll
