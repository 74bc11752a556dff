#include "runtime/timeline/sampler.h"

#include <algorithm>

namespace Atoll {
namespace {
constexpr unsigned kMostLevel = 40;
}  // namespace

void TimelineSampler::set_rate(std::uint32_t rate) {
  budget_ = rate == 0 ? 0 : std::max<std::uint64_t>(1, rate / 10);
  chosen_ = 0;
  set_level(0);
}

void TimelineSampler::set_level(unsigned level) {
  level_ = level;
  limit_.store(budget_ == 0 ? 0 : ~std::uint64_t{0} >> level, std::memory_order_relaxed);
}

void TimelineSampler::note(Time now) {
  if (budget_ == 0) return;
  if (const Duration passed = now - window_; passed >= kWindow) {
    // As many levels lower as leave it within half of the budget. That none was chosen may be chance.
    const auto windows = static_cast<std::uint64_t>(passed / kWindow);
    std::uint64_t expected = std::max<std::uint64_t>(chosen_, 1);
    unsigned level = level_;
    for (; level > 0 && 4 * expected <= budget_ * windows; --level) expected *= 2;
    if (level != level_) set_level(level);
    window_ = now;
    chosen_ = 0;
  }
  if (++chosen_ <= budget_ || level_ == kMostLevel) return;
  set_level(level_ + 1);
  window_ = now;
  chosen_ = 0;
}

}  // namespace Atoll
