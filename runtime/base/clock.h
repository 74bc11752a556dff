#pragma once

#include <chrono>
#include <cstdint>

namespace Atoll {

// Monotonic nanoseconds. State machines are handed a Time with each event and
// never read a clock; only the shells call now(). The simulator makes its own.
using Duration = std::chrono::nanoseconds;

struct MonotonicClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
  static time_point now() {
    return time_point(std::chrono::duration_cast<Duration>(
        std::chrono::steady_clock::now().time_since_epoch()));
  }
};

using Time = MonotonicClock::time_point;

inline Time now() { return MonotonicClock::now(); }

inline double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace Atoll
