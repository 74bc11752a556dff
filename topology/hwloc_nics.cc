#include "topology/hwloc_nics.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>

#include "topology/hwloc_places.h"

namespace Atoll {

namespace {

constexpr std::size_t kMaxNics = 1024;

bool is_slingshot(hwloc_obj_t device) {
  if (device->subtype != nullptr && std::string_view(device->subtype) == "Slingshot") return true;
  const std::string_view name = device->name;
  return name.starts_with("hsi") || name.starts_with("hsn") || name.starts_with("cxi");
}

void add(hwloc_topology_t topology, hwloc_obj_t device, hwloc_obj_t function, std::vector<HwlocNic>& nics) {
  if (nics.size() < kMaxNics)
    nics.push_back({{device->name, pci_address(function), numa_of(topology, function)}, function});
}

template <typename Use>
void for_each_device(hwloc_topology_t topology, hwloc_obj_osdev_type_t type, Use use) {
  for (hwloc_obj_t device = nullptr; (device = hwloc_get_next_osdev(topology, device)) != nullptr;)
    if (device->attr->osdev.type == type && device->name != nullptr && pci_function(device) != nullptr)
      use(device, pci_function(device));
}

}  // namespace

std::vector<HwlocNic> hwloc_nics(hwloc_topology_t topology) {
  std::vector<HwlocNic> nics;
  std::set<hwloc_obj_t> functions;
  for_each_device(topology, HWLOC_OBJ_OSDEV_OPENFABRICS, [&](hwloc_obj_t device, hwloc_obj_t function) {
    functions.insert(function);
    add(topology, device, function, nics);
  });
  for_each_device(topology, HWLOC_OBJ_OSDEV_NETWORK, [&](hwloc_obj_t device, hwloc_obj_t function) {
    if (is_slingshot(device) && !functions.contains(function)) add(topology, device, function, nics);
  });
  std::sort(nics.begin(), nics.end(), [](const HwlocNic& a, const HwlocNic& b) { return a.info.name < b.info.name; });
  const auto same = [](const HwlocNic& a, const HwlocNic& b) { return a.info.name == b.info.name; };
  nics.erase(std::unique(nics.begin(), nics.end(), same), nics.end());
  return nics;
}

std::vector<std::string> nearest_nics(const std::vector<HwlocNic>& nics, hwloc_obj_t function,
                                      const std::optional<int>& numa) {
  using Place = std::tuple<Nearness, int, std::string, std::string>;  // ordered as the result is to be
  std::vector<Place> places;
  for (const HwlocNic& nic : nics) {
    const Distance far = distance(function, nic.function);
    const bool beside = numa && nic.info.numa == numa;
    if (far.nearness == Nearness::kElsewhere && !beside) continue;
    places.emplace_back(far.nearness, far.nearness == Nearness::kElsewhere ? 0 : far.steps, nic.info.pci,
                        nic.info.name);
  }
  std::sort(places.begin(), places.end());
  std::vector<std::string> names;
  for (const auto& [nearness, steps, pci, name] : places)
    if (nearness == std::get<0>(places.front())) names.push_back(name);
  return names;
}

}  // namespace Atoll
