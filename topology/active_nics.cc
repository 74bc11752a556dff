#include "topology/active_nics.h"

#include <algorithm>
#include <fstream>
#include <set>

namespace Atoll {

namespace {

// The kernel writes "4: ACTIVE", "1: DOWN".
bool is_inactive(const std::string& folder, const std::string& nic) {
  std::ifstream file(folder + "/" + nic + "/ports/1/state");
  std::string state;
  return std::getline(file, state) && state.find("ACTIVE") == std::string::npos;
}

}  // namespace

void drop_inactive_nics(Machine& machine, const std::string& folder) {
  std::set<std::string> names, inactive;
  for (const Nic& nic : machine.nics) names.insert(nic.name);
  for (const GpuInfo& gpu : machine.gpus) names.insert(gpu.nics.begin(), gpu.nics.end());
  for (const std::string& name : names)
    if (is_inactive(folder, name)) inactive.insert(name);
  std::erase_if(machine.nics, [&](const Nic& nic) { return inactive.contains(nic.name); });
  for (GpuInfo& gpu : machine.gpus)
    std::erase_if(gpu.nics, [&](const std::string& nic) { return inactive.contains(nic); });
}

}  // namespace Atoll
