#pragma once

#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/environment.h"
#include "runtime/base/status.h"

namespace Atoll {

// Runs a short command to its end and returns what it wrote to stdout and stderr, at most 1 MiB, whatever its exit
// code. kTimedOut, after killing it, when it does not end within `limit`.
Result<std::string> capture(const std::vector<std::string>& argv, const Environment& environment, Duration limit);

}  // namespace Atoll
