#include "runtime/node/memory_group.h"

#include <sstream>

namespace Atoll {

// A line is "4:memory:/slurm/job_7", of version 2 "0::/slurm/job_7".
std::vector<MemoryGroup> memory_groups(std::string_view own, const std::string& root) {
  std::vector<MemoryGroup> groups;
  std::istringstream lines{std::string(own)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",", path = line.substr(second + 1);
    const std::string inside = path == "/" ? "" : path;
    if (controllers == ",,") groups.push_back({2, root, inside});
    if (controllers.find(",memory,") != std::string::npos) groups.push_back({1, root + "/memory", inside});
  }
  return groups;
}

}  // namespace Atoll
