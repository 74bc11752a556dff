#pragma once

#include <array>
#include <cstdint>

#include "runtime/base/clock.h"

namespace Atoll {

// How often durations were how long. Plain integers: an observation costs a few comparisons.
class DurationHistogram {
 public:
  // Seconds; the last bucket has all that is longer.
  static constexpr std::array<double, 13> kBounds = {0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100};

  void observe(Duration duration) {
    const double length = seconds(duration);
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && length > kBounds[bucket]) ++bucket;
    ++counts_[bucket];
    sum_ += length;
  }

  // By bucket, each alone; one more than there are bounds.
  const std::array<std::uint64_t, kBounds.size() + 1>& counts() const { return counts_; }
  double sum() const { return sum_; }  // seconds

 private:
  std::array<std::uint64_t, kBounds.size() + 1> counts_{};
  double sum_ = 0;
};

}  // namespace Atoll
