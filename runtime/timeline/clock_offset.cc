#include "runtime/timeline/clock_offset.h"

#include <limits>

namespace Atoll {

ClockOffset estimate_offset(std::span<const ClockSample> samples) {
  ClockOffset best{0, std::numeric_limits<std::int64_t>::max()};
  for (const ClockSample& sample : samples) {
    const std::int64_t trip = sample.received_ns - sample.sent_ns;
    const std::int64_t error = (trip + 1) / 2;
    if (trip >= 0 && error < best.error_ns) best = {sample.at_ns - (sample.sent_ns + trip / 2), error};
  }
  return best;
}

}  // namespace Atoll
