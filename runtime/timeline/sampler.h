#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

#include "runtime/base/clock.h"

namespace Atoll {

// Which of the tasks and calls that a process submits are recorded: all of them up to a rate, then one in 2, 4, 8 ...
// chosen by their numbers. Who submits decides for all: the choice travels with the task.
//
// SAMPLE-1 while the level stands, a number is chosen or not, whoever asks and however often
// SAMPLE-2 one in 2^level is chosen, whatever pattern the numbers have
// SAMPLE-3 in a second no more than twice the rate are chosen, but for what it takes to find the level
// SAMPLE-4 who slows down is seen whole again
class TimelineSampler {
 public:
  // How long what was chosen is counted before the level is lowered.
  static constexpr Duration kWindow = std::chrono::milliseconds(100);

  // `rate` a second; 0: none.
  explicit TimelineSampler(std::uint32_t rate) { set_rate(rate); }
  void set_rate(std::uint32_t rate);

  // Any thread may call these.
  bool is_on() const { return limit_.load(std::memory_order_relaxed) != 0; }
  bool chooses(std::uint64_t sequence) const {
    return sequence * 0x9e3779b97f4a7c15ULL <= limit_.load(std::memory_order_relaxed) && is_on();
  }
  // As in PushTask: 1 + the level, or 0.
  std::uint8_t sample_of(std::uint64_t sequence) const {
    const std::uint64_t limit = limit_.load(std::memory_order_relaxed);
    if (sequence * 0x9e3779b97f4a7c15ULL > limit || limit == 0) [[likely]]
      return 0;
    return static_cast<std::uint8_t>(1 + std::countl_zero(limit));
  }

  // One was chosen. One thread at a time.
  void note(Time now);
  unsigned level() const { return level_; }

 private:
  void set_level(unsigned level);

  std::atomic<std::uint64_t> limit_{0};  // of the hash: all ones, shifted by the level; 0: off
  std::uint64_t budget_ = 0;             // of a window
  unsigned level_ = 0;
  std::uint64_t chosen_ = 0;  // in this window
  Time window_{};
};

}  // namespace Atoll
