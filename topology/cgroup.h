#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace Atoll {

// What the control groups of a process say, version 1 or 2.
struct CgroupLimits {
  std::uint64_t memory = 0;  // bytes, the tightest limit of the group and those above it; 0: none
  bool slurm = false;        // the group that holds its CPUs is one that Slurm made for a job
  friend bool operator==(const CgroupLimits&, const CgroupLimits&) = default;
};

// Returns the content of a file, "" when it cannot be read.
using ReadFile = std::function<std::string(const std::string& path)>;

// Reads /proc/self/cgroup and the limits that it leads to under /sys/fs/cgroup.
CgroupLimits read_cgroup_limits(const ReadFile& read_file);
CgroupLimits read_cgroup_limits();

}  // namespace Atoll
