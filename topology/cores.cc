#include "topology/cores.h"

#include <algorithm>
#include <fstream>

namespace Atoll {

std::vector<CpuList> find_cores(const CpuList& cpus, const std::string& folder) {
  std::vector<CpuList> cores;
  CpuList known;
  for (const int cpu : cpus) {
    if (std::binary_search(known.begin(), known.end(), cpu)) continue;
    std::ifstream file(folder + "/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
    std::string list;
    if (!std::getline(file, list)) continue;
    const Result<CpuList> core = parse_cpu_list(list);
    if (!core.ok() || !std::binary_search(core->begin(), core->end(), cpu)) continue;
    known = unite(known, *core);
    cores.push_back(*core);
  }
  return cores;
}

}  // namespace Atoll
