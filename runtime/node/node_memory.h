#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/node/memory_group.h"

namespace Atoll {

struct MemoryReading {
  std::uint64_t used = 0;  // bytes that cannot be had back: caches of files do not count, object memory does
  std::uint64_t limit = 0;
};

// How much of this node's memory is in use: of what the cgroups allow that this process is in, the nearest to its limit; where
// none has a limit, of the machine's. A reading takes a few small files.
class NodeMemory {
 public:
  // `own` is what /proc/self/cgroup says, `root` where cgroups are mounted, `machine` is /proc/meminfo.
  NodeMemory(std::string_view own, const std::string& root, std::string machine);
  static NodeMemory of_this_process();

  // None if nothing can be read.
  std::optional<MemoryReading> read() const;

 private:
  std::vector<MemoryGroup> groups_;  // with those above them
  std::string machine_;
};

// Bytes that a process alone has: neither files nor memory that it shares. 0 if it is gone. `proc` is /proc.
std::uint64_t private_memory(pid_t process, const std::string& proc = "/proc");

}  // namespace Atoll
