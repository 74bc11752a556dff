#include "runtime/timeline/clock_identity.h"

#include <sys/stat.h>

#include <functional>
#include <string>

#include "runtime/base/read_file.h"

namespace Atoll {

std::uint64_t clock_identity() {
  const std::optional<std::string> boot = read_file("/proc/sys/kernel/random/boot_id");
  if (!boot || boot->empty()) return 0;
  struct stat space {};
  const bool has_space = ::stat("/proc/self/ns/time", &space) == 0;  // since Linux 5.6
  return std::hash<std::string>()(*boot + (has_space ? std::to_string(space.st_ino) : ""));
}

}  // namespace Atoll
