#include "runtime/base/ids.h"

#include <sys/random.h>

#include <cstdio>

#include "runtime/base/check.h"

namespace Atoll {

std::string to_string(ProcessId id) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx",
                static_cast<unsigned long long>(id));
  return text;
}

std::string to_string(std::uint64_t process, std::uint64_t sequence) {
  return to_string(ProcessId(process)) + "-" + std::to_string(sequence);
}

ProcessId random_process_id() {
  std::uint64_t bits = 0;
  while (bits == 0) {
    const ssize_t n = getrandom(&bits, sizeof bits, 0);
    ATOLL_CHECK(n == sizeof bits, n);
  }
  return ProcessId(bits);
}

}  // namespace Atoll
