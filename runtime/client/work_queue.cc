#include "runtime/client/work_queue.h"

#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>
#include <vector>

#include <atoll/backend.h>

#include "runtime/base/log.h"
#include "runtime/client/api_support.h"
#include "runtime/client/timeline_marks.h"
#include "runtime/wire/location.h"

namespace Atoll {
namespace {

// A worker that has had nothing to do for so long gives back to the system what its allocator keeps free.
constexpr Duration kTidyAfter = std::chrono::seconds(5);

struct Begun {
  TaskId task;
  std::uint32_t depth = 0;
  bool lends = false;
  std::uint32_t ahead = 0;
  std::uint8_t sample = 0;
};

// What stands for the work while it runs; nothing for what is no task.
std::optional<Begun> begun_of(const Message& message) {
  if (const auto* task = std::get_if<PushTask>(&message)) return Begun{task->task, task->depth, true, task->ahead, task->sample};
  if (const auto* call = std::get_if<CallActor>(&message)) return Begun{call->task, call->depth, false, call->ahead, call->sample};
  return std::nullopt;
}

TaskDone never_begun(TaskId task, ErrorKind kind, std::string why) {
  TaskDone done;
  done.task = task;
  done.error.emplace();
  done.error->kind = kind;
  done.error->message = std::move(why);
  return done;
}
TaskDone cancelled(TaskId task) { return never_begun(task, ErrorKind::kCancelled, "it was cancelled before it began"); }
TaskDone left_before(TaskId task, const std::string& why) { return never_begun(task, ErrorKind::kActorDied, why); }

}  // namespace

void WorkQueue::on_other_message(ProcessId from, Message message) {
  if (const auto* task = std::get_if<CancelTask>(&message)) return cancel(from, *task);
  if (const auto* read = std::get_if<StreamRead>(&message)) return take_read(*read);
  if (std::holds_alternative<ReturnTasks>(message)) return give_back_unbegun(from);
  if (std::holds_alternative<Synced>(message)) {
    const std::lock_guard lock(mutex_);
    unheard_.erase(from);
    return;
  }
  const std::optional<Begun> begun = begun_of(message);
  if (!begun && !std::holds_alternative<InitActor>(message)) return;
  const Time arrived = begun && begun->sample > 0 ? now() : Time();
  std::unique_lock lock(mutex_);
  if (std::holds_alternative<CallActor>(message)) callers_.insert(from);
  if (const auto* task = std::get_if<PushTask>(&message); task != nullptr && waiting_ > 0) {
    lock.unlock();
    return give_back(from, {task->task});
  }
  if (closed_.empty()) {
    fetch_ahead(message);
    return lanes_.push({from, std::move(message), {}, arrived});
  }
  const std::string why = closed_;
  lock.unlock();
  if (begun) say(from, left_before(begun->task, why));
}

// While others run. What lies in this node's memory, or on its disk, is not asked for.
void WorkQueue::fetch_ahead(const Message& message) {
  const auto* task = std::get_if<PushTask>(&message);
  const auto* call = std::get_if<CallActor>(&message);
  if (task == nullptr && call == nullptr) return;
  for (const std::string& argument : task != nullptr ? task->arguments : call->arguments) {
    if (!is_location(argument)) continue;
    const Result<Location> location = decode_location(argument);
    if (!location.ok() || location->keeper.process == daemon_) continue;
    say(daemon_, HoldCopy{0, location->copy, location->keeper, location->bytes, {}, /*ahead=*/true});
  }
}

void WorkQueue::on_peer_lost(ProcessId peer, const Status& why) {
  if (peer != daemon_) {
    const std::lock_guard lock(mutex_);
    callers_.erase(peer);
    unheard_.erase(peer);
    return;
  }
  log::debug("the node daemon is gone: {}", why.message());
  std::_Exit(0);  // user code may be running; there is nobody left to work for
}

void WorkQueue::say(ProcessId to, Message message) {
  runtime_->post([to, message = std::move(message)](Time, ClientCore&, ClientOutbox& out) { out.send(to, message); });
}

// ------------------------------------------------------------- what is run

Message WorkQueue::take(RunningTask& running) {
  while (true) {
    std::optional<WorkLanes::Taken> taken;
    {
      const std::lock_guard lock(mutex_);
      if ((taken = lanes_.take())) begin(running, *taken);
    }
    if (taken) {
      tell_last_try(taken->item.message);
      return std::move(taken->item.message);
    }
    wait_for_work();
  }
}

void WorkQueue::tell_last_try(const Message& message) {
  const auto* task = std::get_if<PushTask>(&message);
  if (task != nullptr && task->last_try != last_try_) say(daemon_, WorkerLastTry{last_try_ = task->last_try});
}

std::shared_ptr<Suspension> WorkQueue::take_or_resume(RunningTask& running, Message& message) {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (!resumed_.empty()) {
        std::shared_ptr<Suspension> next = std::move(resumed_.front());
        resumed_.pop_front();
        return next;
      }
      if (std::optional<WorkLanes::Taken> taken = lanes_.take()) {
        begin(running, *taken);
        running.interleaves = true;
        message = std::move(taken->item.message);
        return nullptr;
      }
    }
    wait_for_work();
  }
}

void WorkQueue::wait_for_work() {
  const auto done = [this] { return has_work(); };
  if (runtime_->wait(done, now() + kTidyAfter)) return;
  ::malloc_trim(0);
  runtime_->wait(done, std::nullopt);
}

void WorkQueue::begin(RunningTask& running, WorkLanes::Taken& taken) {
  const WorkItem& item = taken.item;
  running.caller = item.from;
  running.lane = taken.lane;
  if (const std::optional<Begun> work = begun_of(item.message)) {
    running.task = work->task;
    running.depth = work->depth;
    running.lends = work->lends;
    running.ahead = work->ahead;
    running.sample = work->sample;
    running.arrived = item.arrived;
  }
  if (item.read) {
    running.read = item.read->items;
    running.closed = item.read->closed;
  }
  if (const auto* init = std::get_if<InitActor>(&item.message)) actor_ = init->spec.actor;
  running.queue = this;
  running_.push_back(&running);
}

void WorkQueue::end(RunningTask& running, Message answer) {
  {
    const std::lock_guard lock(mutex_);
    std::erase(running_, &running);
    lanes_.end(running.lane);
  }
  // What the user printed belongs to the task that ends here.
  std::fflush(stdout);
  if (running.got_refs || !running.inside.empty()) return say_end(running, std::move(answer));
  say(running.caller, std::move(answer));
}

void WorkQueue::say_end(RunningTask& running, Message answer) {
  const std::vector<internal::Handle> kept = std::exchange(running.inside, {});
  runtime_->post([to = running.caller, answer = std::move(answer), inside = inside_refs(*runtime_, kept), kept](
                     Time, ClientCore& core, ClientOutbox& out) { core.end_call(to, answer, inside, out); });
}

bool WorkQueue::has_work() const {
  const std::lock_guard lock(mutex_);
  return !resumed_.empty() || lanes_.any();
}

void WorkQueue::limit(std::uint32_t most, const std::vector<ConcurrencyGroup>& groups) {
  const std::lock_guard lock(mutex_);
  lanes_.limit(most, groups);
}

std::size_t WorkQueue::most_at_once() const {
  const std::lock_guard lock(mutex_);
  return lanes_.most();
}

// ------------------------------------------------------------------- its end

void WorkQueue::close(const std::string& why) {
  std::vector<WorkItem> left;
  {
    const std::lock_guard lock(mutex_);
    closed_ = why;
    left = lanes_.clear();
  }
  for (const WorkItem& item : left)
    if (const std::optional<Begun> work = begun_of(item.message)) say(item.from, left_before(work->task, why));
}

std::shared_ptr<Suspension> WorkQueue::resume_or_rest() {
  const auto any = [this] {
    const std::lock_guard lock(mutex_);
    return !resumed_.empty() || running_.empty();
  };
  runtime_->wait(any, std::nullopt);
  const std::lock_guard lock(mutex_);
  if (resumed_.empty()) return nullptr;
  std::shared_ptr<Suspension> next = std::move(resumed_.front());
  resumed_.pop_front();
  return next;
}

void WorkQueue::wait_until_heard(Duration limit) {
  std::set<ProcessId> callers;
  {
    const std::lock_guard lock(mutex_);
    callers = unheard_ = callers_;
  }
  for (const ProcessId caller : callers)  // behind the ends of calls
    runtime_->post([caller](Time, ClientCore& core, ClientOutbox& out) { core.end_call(caller, Sync{}, {}, out); });
  const auto all_heard = [this] {
    const std::lock_guard lock(mutex_);
    return unheard_.empty();
  };
  runtime_->wait(all_heard, now() + limit);
}

void WorkQueue::end_actor(const std::string& why, bool restartable, std::optional<int> status) {
  ActorLeaves leaves{{}, why, restartable, status};
  {
    const std::lock_guard lock(mutex_);
    leaves.actor = actor_;
  }
  say(daemon_, std::move(leaves));
}

// ------------------------------------------------------------- cancelled calls

// Whether it was waiting to be run, and now is not.
bool WorkQueue::drop(TaskId task) {
  const std::lock_guard lock(mutex_);
  return lanes_.remove_if([task](const WorkItem& item) {
           const std::optional<Begun> work = begun_of(item.message);
           return work && work->task == task;
         }) > 0;
}

// Whether it runs, and now is told.
bool WorkQueue::tell_running(TaskId task) {
  const std::lock_guard lock(mutex_);
  const auto runs = std::ranges::find(running_, task, &RunningTask::task);
  if (runs == running_.end()) return false;
  RunningTask& running = **runs;
  running.cancelled = true;
  for (const auto& waits = running.suspended; !waits.empty();) resume_locked(waits.back());
  if (running.waits_for_reader != nullptr) resume_locked(running.waits_for_reader);
  return true;
}

void WorkQueue::cancel(ProcessId from, const CancelTask& cancel) {
  if (drop(cancel.task)) return say(from, cancelled(cancel.task));
  if (!tell_running(cancel.task) || !cancel.recursive) return;
  runtime_->post([parent = cancel.task](Time now, ClientCore& core, ClientOutbox& out) {
    core.cancel_children(now, parent, out);
  });
}

// ------------------------------------------------- coroutines that wait, streams

std::shared_ptr<Suspension> WorkQueue::suspend(RunningTask& running, std::coroutine_handle<> coroutine) {
  auto suspension = std::make_shared<Suspension>(Suspension{coroutine, running.shared_from_this()});
  const std::lock_guard lock(mutex_);
  running.suspended.push_back(suspension);
  if (running.cancelled) resume_locked(suspension);
  return suspension;
}

void WorkQueue::resume(const std::shared_ptr<Suspension>& suspension) {
  const std::lock_guard lock(mutex_);
  resume_locked(suspension);
}

// `given` may be where it is removed from.
void WorkQueue::resume_locked(const std::shared_ptr<Suspension>& given) {
  const std::shared_ptr<Suspension> suspension = given;
  if (std::exchange(suspension->resumed, true)) return;
  RunningTask& task = *suspension->task;
  std::erase(task.suspended, suspension);
  if (task.waits_for_reader == suspension) task.waits_for_reader = nullptr;
  resumed_.push_back(suspension);
}

void WorkQueue::take_read(const StreamRead& read) {
  const std::lock_guard lock(mutex_);
  for (RunningTask* running : running_)
    if (running->task == read.task) {
      running->read = read.items;
      running->closed = read.closed;
      if (running->waits_for_reader != nullptr && running->may_send()) resume_locked(running->waits_for_reader);
    }
  lanes_.for_each([&read](WorkItem& item) {
    const std::optional<Begun> work = begun_of(item.message);
    if (work && work->task == read.task) item.read = read;
  });
}

void WorkQueue::post_item(RunningTask& running, internal::Encoded value) {
  if (running.closed || running.cancelled) return;
  const std::vector<internal::Handle> kept = value.refs();
  StreamItem item{running.task, running.sent++, std::move(value).flat()};
  if (kept.empty()) return say(running.caller, std::move(item));
  runtime_->post([to = running.caller, item = std::move(item), inside = inside_refs(*runtime_, kept), kept](
                     Time, ClientCore& core, ClientOutbox& out) { core.send_item(to, item, inside, out); });
}

bool WorkQueue::send_item(RunningTask& running, internal::Encoded value) {
  post_item(running, std::move(value));
  if (!running.may_send()) {
    const internal::WaitScope scope;
    const WaitMark mark(*runtime_, TimelineKind::kYield, "yield", result_of(running.task));
    runtime_->wait([&running] { return running.may_send(); }, std::nullopt);
  }
  return !running.closed && !running.cancelled;
}

void WorkQueue::await_reader(RunningTask& running, std::coroutine_handle<> coroutine) {
  const std::lock_guard lock(mutex_);
  running.waits_for_reader = std::make_shared<Suspension>(Suspension{coroutine, running.shared_from_this()});
  if (running.may_send()) resume_locked(running.waits_for_reader);
}

// ----------------------------------------------------- tasks that wait for others

void WorkQueue::give_back(ProcessId owner, std::vector<TaskId> tasks) { say(owner, TasksReturned{std::move(tasks)}); }

void WorkQueue::give_back_unbegun(std::optional<ProcessId> owner) {
  std::map<ProcessId, std::vector<TaskId>> unbegun;
  {
    const std::lock_guard lock(mutex_);
    lanes_.remove_if([&](const WorkItem& item) {
      const auto* task = std::get_if<PushTask>(&item.message);
      if (task == nullptr || (owner && item.from != *owner)) return false;
      unbegun[item.from].push_back(task->task);
      return true;
    });
  }
  for (auto& [sender, tasks] : unbegun) give_back(sender, std::move(tasks));
}

void WorkQueue::begin_wait(const RunningTask& running) {
  if (!running.lends) return;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_++ > 0) return;
  }
  give_back_unbegun(std::nullopt);
  say(daemon_, WorkerBlocked{true});
}

void WorkQueue::end_wait(const RunningTask& running) {
  if (!running.lends) return;
  {
    const std::lock_guard lock(mutex_);
    if (--waiting_ > 0) return;
  }
  say(daemon_, WorkerBlocked{false});
}

}  // namespace Atoll
