#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/clock.h"

namespace Atoll {

// "4 GiB", "512 MiB", "17 B": three digits at most.
std::string format_bytes(std::uint64_t bytes);

// "2.5 s", "30 s": one decimal at most.
std::string format_duration(Duration duration);

}  // namespace Atoll
