#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace Atoll {

// A cgroup that a process's memory is charged to.
struct MemoryGroup {
  int version = 1;
  std::string mount;  // where the hierarchy is mounted
  std::string path;   // of the group in it, "" for the root

  std::string file(const std::string& name) const { return mount + path + "/" + name; }
};

// Those that `own` names, the content of a /proc/PID/cgroup, under `root`, where cgroups are mounted. With both versions on a
// machine there are two, of which one has the files.
std::vector<MemoryGroup> memory_groups(std::string_view own, const std::string& root);

}  // namespace Atoll
