#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/timeline/clock_offset.h"
#include "runtime/timeline/lanes.h"
#include "runtime/timeline/ring.h"
#include "runtime/timeline/sampler.h"

namespace Atoll {

// What a driver or a worker records of itself, for the daemon of its node. Reads no clock. Any thread may call its
// methods; the lock is taken only for what was chosen, and for what took long.
//
// RECORD-1 what is recorded is handed over within kHandOver of it, and when it is asked for
// RECORD-2 nothing is kept where the daemon says that nothing is to be recorded
class TimelineRecorder {
 public:
  static constexpr Duration kHandOver = std::chrono::milliseconds(250);
  static constexpr std::size_t kMost = 8'192;  // records at one time: 0.6 MB
  static constexpr int kClockSamples = 5;

  // Until begin() nothing is recorded.
  TimelineRecorder() : ring_(kMost), sampler_(0) {}

  // Who this is; the chunk's other fields are of no meaning. From now on all is recorded, as far as there is
  // room, until the daemon says its rate: ask its clock. `clock` is this process's own (clock_identity.h).
  void begin(TimelineChunk who, std::uint64_t clock);
  // The daemon's answer, which came now; whether to ask it again.
  bool on_clock(Time now, const ClockReply& reply);
  // The worker has become this.
  void set_role(std::string role);

  bool is_on() const { return sampler_.is_on(); }
  std::uint8_t sample_of(std::uint64_t sequence) const { return sampler_.sample_of(sequence); }

  // `record` has no name or, with `shares_thread`, no track yet.
  void add(Time now, TimelineRecord record, std::string_view name, bool shares_thread = false);
  // The same of what was chosen by sample_of().
  void add_chosen(Time now, const TimelineRecord& record, std::string_view name);

  // When take() is due: Time::max() if there is nothing.
  Time due() const { return Time(Duration(due_.load(std::memory_order_relaxed))); }
  // All that there is. None if there is nothing, unless it was asked for by this number.
  std::optional<TimelineChunk> take(std::uint64_t flush = 0);

 private:
  void add_locked(Time now, const TimelineRecord& record, std::string_view name);

  std::mutex mutex_;
  TimelineRing ring_;
  TimelineSampler sampler_;
  TimelineLanes lanes_{kCallTracks};
  TimelineChunk who_;
  std::uint64_t clock_ = 0;
  std::vector<ClockSample> samples_;
  bool is_told_ = false;  // the rate
  std::atomic<Duration::rep> due_{Time::max().time_since_epoch().count()};
};

// Tasks and calls a second that a process records of those that it submits, unless the cluster's options say otherwise.
inline constexpr std::uint32_t kDefaultTimelineRate = 1'000;

}  // namespace Atoll
