#include "runtime/client/timeline_marks.h"

#include <algorithm>
#include <atomic>

namespace Atoll {
namespace {

// Of the calling thread, among those of this process that left a mark.
std::uint32_t own_track() {
  static std::atomic<std::uint32_t> next{0};
  static thread_local const std::uint32_t track = std::min(next.fetch_add(1), kTracksOfAKind - 1);
  return track;
}

std::int64_t ns_of(Time time) { return time.time_since_epoch().count(); }

std::uint8_t weight_of(std::uint8_t sample) { return static_cast<std::uint8_t>(sample > 0 ? sample - 1 : 0); }

TimelineRecord record_of(TimelineKind kind, TaskId id, Time begin, Time end) {
  TimelineRecord record;
  record.kind = kind;
  record.process = static_cast<std::uint64_t>(id.process);
  record.sequence = id.sequence;
  record.begin_ns = ns_of(begin);
  record.end_ns = ns_of(end);
  return record;
}

}  // namespace

std::uint8_t choose_sample(const TimelineRecorder& recorder, std::uint64_t sequence, RunningTask* within) {
  if (within != nullptr && within->submitted < kChosenWith && recorder.is_on()) {
    ++within->submitted;
    return within->sample;
  }
  return recorder.sample_of(sequence);
}

SubmitMark::SubmitMark(ClientRuntime& runtime, TaskId task, const std::string& name, RunningTask* within)
    : runtime_(runtime), task_(task), name_(name), within_(within),
      sample_(choose_sample(runtime.timeline(), task.sequence, within)) {
  if (sample_ > 0) begin_ = now();
}

SubmitMark::~SubmitMark() {
  if (sample_ == 0) return;
  const Time end = now();
  TimelineRecord record = record_of(TimelineKind::kSubmit, task_, begin_, end);
  record.track = own_track();
  record.weight = weight_of(sample_);
  if (within_ != nullptr) {
    record.peer = static_cast<std::uint64_t>(within_->task.process);
    record.amount = within_->task.sequence;
  }
  runtime_.timeline().add_chosen(end, record, name_);
}

WaitMark::WaitMark(ClientRuntime& runtime, TimelineKind kind, const char* name, ObjectId object, std::uint64_t amount)
    : runtime_(runtime), kind_(kind), name_(name), object_(object), amount_(amount),
      sample_(object.is_none() ? std::uint8_t{0} : runtime.timeline().sample_of(object.sequence)) {
  IoTurns::last_wait() = {};
}

WaitMark::~WaitMark() {
  IoTurns::Wait wait = IoTurns::last_wait();
  if (sample_ == 0 && wait.end - wait.begin < kTimelineLong) return;
  if (wait.begin == Time()) wait.begin = wait.end = now();  // it was there already
  TimelineRecord record = record_of(kind_, task_of(object_), wait.begin, wait.end);
  record.track = own_track();
  record.amount = amount_;
  if (wait.end - wait.begin < kTimelineLong) record.weight = weight_of(sample_);
  runtime_.timeline().add(wait.end, record, name_);
}

void mark_run(TimelineRecorder& recorder, const RunningTask& running, TimelineKind kind, Time begin, Time end,
              TimelineOutcome outcome) {
  const bool is_long = end - begin >= kTimelineLong;
  if (running.sample == 0 && !is_long && kind != TimelineKind::kConstruct) return;
  TimelineRecord record = record_of(kind, running.task, begin, end);
  record.peer = static_cast<std::uint64_t>(running.caller);
  record.queued_ns = ns_of(running.arrived);
  record.outcome = outcome;
  if (!is_long) record.weight = weight_of(running.sample);
  record.depth = static_cast<std::uint8_t>(std::min<std::uint32_t>(running.depth, 255));
  if (!running.interleaves) record.track = own_track();
  recorder.add(end, record, running.function, running.interleaves);
}

void mark_long_task(TimelineRecorder& recorder, Time now, const LongTask& task) {
  recorder.add(now, record_of(TimelineKind::kSubmit, task.task, task.submitted, task.submitted), task.function);
}

}  // namespace Atoll
