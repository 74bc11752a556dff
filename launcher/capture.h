#pragma once

#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/environment.h"
#include "runtime/base/status.h"

namespace Atoll {

// Runs a short command to its end and returns what it wrote to stdout and stderr, at most 1 MiB, whatever its exit
// code. kTimedOut, after ending it (TERM, then KILL), when it does not end within `limit`.
Result<std::string> capture(const std::vector<std::string>& argv, const Environment& environment, Duration limit);

// The same, with how it ended, and with what was written until `limit` when it did not end by then. At most `most`
// bytes are kept.
struct Captured {
  std::string text;
  bool in_time = true;
};
Result<Captured> capture_all(const std::vector<std::string>& argv, const Environment& environment, Duration limit,
                             std::size_t most);

}  // namespace Atoll
