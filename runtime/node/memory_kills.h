#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace Atoll {

// Whether the kernel kills processes of this one's memory cgroup since its memory
// is used up: both versions of cgroups count that. Where none is, nobody knows,
// and nothing is ever new.
class MemoryKills {
 public:
  // `own` is what /proc/self/cgroup says, `root` where cgroups are mounted.
  MemoryKills(std::string_view own, const std::string& root);
  static MemoryKills of_this_process();

  // Whether the kernel killed one more than this was asked and answered with yes.
  bool take_one();

 private:
  std::uint64_t count() const;

  std::string file_;
  std::uint64_t seen_ = 0;
};

}  // namespace Atoll
