#include "runtime/node/memory_kills.h"

#include <cstdlib>
#include <sstream>

#include "runtime/base/read_file.h"

namespace Atoll {
namespace {

// A line is "4:memory:/slurm/job_7", of version 2 "0::/slurm/job_7".
std::string file_of(const std::string& line, const std::string& root) {
  const std::size_t first = line.find(':'), second = line.find(':', first + 1);
  if (second == std::string::npos) return "";
  const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",", path = line.substr(second + 1);
  if (controllers == ",,") return root + path + "/memory.events";
  if (controllers.find(",memory,") != std::string::npos) return root + "/memory" + path + "/memory.oom_control";
  return "";
}

}  // namespace

MemoryKills::MemoryKills(std::string_view own, const std::string& root) {
  std::istringstream lines{std::string(own)};
  for (std::string line; file_.empty() && std::getline(lines, line);) {
    const std::string file = file_of(line, root);
    if (read_file(file)) file_ = file;
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
