#include "runtime/metrics/task_census.h"

namespace Atoll {
namespace {

// What is under way ends with its owner.
void add_ended(WorkCounts& sum, const WorkCounts& counts) {
  sum.submitted += counts.submitted;
  sum.finished += counts.finished;
  sum.failed += counts.failed;
  sum.retried += counts.retried;
}

void add(WorkCounts& sum, const WorkCounts& counts) {
  add_ended(sum, counts);
  sum.waiting += counts.waiting;
  sum.queued += counts.queued;
  sum.sent += counts.sent;
}

}  // namespace

void TaskCensus::ask(Time now, const std::vector<ProcessId>& owners, Outbox& out) {
  if (!complete(now)) return;
  ++request_;
  asked_ = now;
  waiting_ = {owners.begin(), owners.end()};
  for (const ProcessId owner : owners) {
    owners_[owner];
    out.send(owner, GetTaskCounts{request_});
  }
}

void TaskCensus::take(ProcessId from, const TaskCounts& counts) {
  const auto owner = owners_.find(from);
  if (owner == owners_.end()) return;
  owner->second = counts;
  if (counts.request == request_) waiting_.erase(from);
}

void TaskCensus::forget(ProcessId owner) {
  waiting_.erase(owner);
  const auto ended = owners_.extract(owner);
  if (ended.empty()) return;
  add_ended(gone_.tasks, ended.mapped().tasks);
  add_ended(gone_.calls, ended.mapped().calls);
}

void TaskCensus::add_to(MetricsPage& page) const {
  TaskCounts sum = gone_;
  for (const auto& [owner, counts] : owners_) {
    add(sum.tasks, counts.tasks);
    add(sum.calls, counts.calls);
  }
  page.add(Metric::kOwners, owners_.size());
  page.add(Metric::kOwnersSilent, waiting_.size());
  page.add(Metric::kTasks, sum.tasks.waiting, {{"state", "arguments"}});
  page.add(Metric::kTasks, sum.tasks.queued, {{"state", "queued"}});
  page.add(Metric::kTasks, sum.tasks.sent, {{"state", "sent"}});
  page.add(Metric::kTasksSubmitted, sum.tasks.submitted);
  page.add(Metric::kTasksFinished, sum.tasks.finished);
  page.add(Metric::kTasksFailed, sum.tasks.failed);
  page.add(Metric::kTasksRetried, sum.tasks.retried);
  page.add(Metric::kCalls, sum.calls.queued, {{"state", "queued"}});
  page.add(Metric::kCalls, sum.calls.sent, {{"state", "sent"}});
  page.add(Metric::kCallsSubmitted, sum.calls.submitted);
  page.add(Metric::kCallsFinished, sum.calls.finished);
  page.add(Metric::kCallsFailed, sum.calls.failed);
  page.add(Metric::kCallsRetried, sum.calls.retried);
}

}  // namespace Atoll
