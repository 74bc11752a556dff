#pragma once

#include <cstdint>

namespace Atoll {

// Which monotonic clock this process reads: processes with the same number read the same one. The machine's boot and the
// time namespace say so. 0 if that cannot be told.
std::uint64_t clock_identity();

}  // namespace Atoll
