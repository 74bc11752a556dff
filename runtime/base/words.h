#pragma once

#include <cstdint>
#include <string>

namespace Atoll {

// "4 GiB", "512 MiB", "17 B": three digits at most.
std::string format_bytes(std::uint64_t bytes);

}  // namespace Atoll
