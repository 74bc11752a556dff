#include "runtime/node/memory_kills.h"

#include <cstdlib>
#include <sstream>

#include "runtime/base/read_file.h"
#include "runtime/node/memory_group.h"

namespace Atoll {
MemoryKills::MemoryKills(std::string_view own, const std::string& root) {
  for (const MemoryGroup& group : memory_groups(own, root)) {
    const std::string file = group.file(group.version == 2 ? "memory.events" : "memory.oom_control");
    if (file_.empty() && read_file(file)) file_ = file;
  }
  seen_ = count();
}

MemoryKills MemoryKills::of_this_process() {
  return MemoryKills(read_file("/proc/self/cgroup").value_or(""), "/sys/fs/cgroup");
}

std::uint64_t MemoryKills::count() const {
  std::istringstream lines(read_file(file_).value_or(""));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("oom_kill ")) return std::strtoull(line.c_str() + 9, nullptr, 10);
  return 0;
}

bool MemoryKills::take_one() {
  if (count() <= seen_) return false;
  ++seen_;
  return true;
}

}  // namespace Atoll
