#pragma once

#include <cstdint>
#include <span>

namespace Atoll {

// A question for another's clock, in nanoseconds: when it was sent and its answer came, by our clock, and what the other
// said meanwhile, by its own.
struct ClockSample {
  std::int64_t sent_ns = 0;
  std::int64_t at_ns = 0;
  std::int64_t received_ns = 0;
};

// The other's clock is ours and `offset_ns`, or up to `error_ns` more or less.
struct ClockOffset {
  std::int64_t offset_ns = 0;
  std::int64_t error_ns = 0;
  friend bool operator==(const ClockOffset&, const ClockOffset&) = default;
};

// Of the sample whose answer came soonest: the other looked at its clock some time in between, and half way is wrong by
// half of that at most (Cristian, Probabilistic clock synchronization, 1989). Samples that came before they were sent do
// not count; without any the offset is 0 and the error the largest there is.
ClockOffset estimate_offset(std::span<const ClockSample> samples);

}  // namespace Atoll
