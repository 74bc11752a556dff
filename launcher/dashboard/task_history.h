#pragma once

#include <cstdint>
#include <deque>

#include "runtime/base/clock.h"

namespace Atoll {

// How many tasks and calls there were, at one time.
struct TaskSample {
  Time at{};
  std::uint64_t running = 0;   // and those that were sent to a worker
  std::uint64_t queued = 0;    // for a worker
  std::uint64_t waiting = 0;   // for arguments
  std::uint64_t finished = 0;  // ever
  std::uint64_t failed = 0;    // ever
};

// The last of them, while somebody looks. Pure.
//
// HISTORY-1 between two samples lie kSampleEach and kSampleShare times what the last one took: a large cluster is asked
//           less often
// HISTORY-2 there are never more than kMostSamples
class TaskHistory {
 public:
  static constexpr Duration kSampleEach = std::chrono::milliseconds(1500);
  static constexpr int kSampleShare = 20;
  static constexpr std::size_t kMostSamples = 600;

  bool is_due(Time now) const { return samples_.empty() || now >= next_; }
  // What was counted from `began` to `sample.at`.
  void add(Time began, const TaskSample& sample);
  const std::deque<TaskSample>& samples() const { return samples_; }

 private:
  std::deque<TaskSample> samples_;
  Time next_{};
};

}  // namespace Atoll
