#include "runtime/timeline/recorder.h"

#include <utility>

namespace Atoll {
namespace {
// It comes soon.
constexpr std::uint32_t kRateBeforeAnswer = 1'000'000;
}  // namespace

void TimelineRecorder::begin(TimelineChunk who, std::uint64_t clock) {
  const std::lock_guard lock(mutex_);
  who_ = std::move(who);
  clock_ = clock;
  sampler_.set_rate(kRateBeforeAnswer);
}

bool TimelineRecorder::on_clock(Time now, const ClockReply& reply) {
  const std::lock_guard lock(mutex_);
  if (reply.rate == 0) {
    sampler_.set_rate(0);
    TimelineChunk nobody;
    ring_.take(nobody);
    due_ = Time::max().time_since_epoch().count();
    return false;
  }
  if (!std::exchange(is_told_, true)) sampler_.set_rate(reply.rate);
  who_.is_elsewhere = clock_ == 0 || clock_ != reply.clock;
  if (!who_.is_elsewhere) return false;
  samples_.push_back({reply.sent_ns, reply.at_ns, now.time_since_epoch().count()});
  who_.to_daemon_ns = estimate_offset(samples_).offset_ns;
  return samples_.size() < kClockSamples;
}

void TimelineRecorder::set_role(std::string role) {
  const std::lock_guard lock(mutex_);
  who_.role = std::move(role);
}

void TimelineRecorder::add(Time now, TimelineRecord record, std::string_view name, bool shares_thread) {
  const std::lock_guard lock(mutex_);
  if (shares_thread) record.track = lanes_.place(record.begin_ns, record.end_ns);
  add_locked(now, record, name);
}

void TimelineRecorder::add_chosen(Time now, const TimelineRecord& record, std::string_view name) {
  const std::lock_guard lock(mutex_);
  sampler_.note(now);
  add_locked(now, record, name);
}

void TimelineRecorder::add_locked(Time now, const TimelineRecord& record, std::string_view name) {
  if (!sampler_.is_on()) return;
  if (ring_.empty()) due_ = (now + kHandOver).time_since_epoch().count();
  ring_.add(record, name);
  if (ring_.size() == kMost / 2) due_ = now.time_since_epoch().count();
}

std::optional<TimelineChunk> TimelineRecorder::take(std::uint64_t flush) {
  const std::lock_guard lock(mutex_);
  if (ring_.empty() && flush == 0) return std::nullopt;
  TimelineChunk chunk = who_;
  chunk.flush = flush;
  ring_.take(chunk);
  due_ = Time::max().time_since_epoch().count();
  return chunk;
}

}  // namespace Atoll
