#include "topology/cgroup.h"

#include <charconv>
#include <fstream>
#include <sstream>

namespace Atoll {

namespace {

// No memory of this size exists; version 1 writes LONG_MAX rounded to pages for "none".
constexpr std::uint64_t kNoLimit = 1ULL << 60;

std::string read_whole_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void tighten(std::uint64_t& limit, const std::string& text) {
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error == std::errc() && bytes > 0 && bytes < kNoLimit && (limit == 0 || bytes < limit)) limit = bytes;
}

// The tightest limit in `file` of the group and of those above it.
std::uint64_t tightest(const ReadFile& read_file, const std::string& root, std::string group, const std::string& file) {
  std::uint64_t limit = 0;
  for (;;) {
    tighten(limit, read_file(root + group + "/" + file));
    if (group.empty()) return limit;
    group.resize(group.find_last_of('/') == std::string::npos ? 0 : group.find_last_of('/'));
  }
}

// Slurm calls them …/slurm/uid_N/job_N/… or …/slurmstepd.scope/job_N/…, with the node's name behind "slurm" if it has
// several daemons.
bool made_by_slurm(const std::string& group) {
  const std::size_t slurm = group.find("/slurm");
  return slurm != std::string::npos && group.find("/job_", slurm) != std::string::npos;
}

}  // namespace

CgroupLimits read_cgroup_limits(const ReadFile& read_file) {
  CgroupLimits limits;
  std::istringstream groups(read_file("/proc/self/cgroup"));
  for (std::string line; std::getline(groups, line);) {  // "4:memory:/a/b", "0::/a/b"
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    std::string group = line.substr(second + 1);
    if (group == "/") group.clear();
    if (controllers.find(",cpuset,") != std::string::npos || controllers == ",,") limits.slurm |= made_by_slurm(group);
    std::uint64_t memory = 0;
    if (controllers.find(",memory,") != std::string::npos)
      memory = tightest(read_file, "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
    else if (controllers == ",,")
      memory = tightest(read_file, "/sys/fs/cgroup", group, "memory.max");
    if (memory != 0 && (limits.memory == 0 || memory < limits.memory)) limits.memory = memory;
  }
  return limits;
}

CgroupLimits read_cgroup_limits() { return read_cgroup_limits(read_whole_file); }

}  // namespace Atoll
