#include "runtime/client/worker.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>
#include <vector>

#include <atoll/actor.h>
#include <atoll/error.h>

#include "runtime/base/log.h"
#include "runtime/client/errors.h"
#include "runtime/client/registry.h"

namespace Atoll {
namespace {

ActorView& actor_view() {
  static ActorView view;
  return view;
}
// Before the constructor, when there is one thread of the user's.
void set_actor_view(ActorView view) { actor_view() = std::move(view); }

}  // namespace

ActorView this_actor() { return actor_view(); }

namespace {

struct Begun {
  TaskId task;
  std::uint32_t depth = 0;
  bool lends = false;
};

// What stands for the work while it runs; nothing for what is no task.
std::optional<Begun> begun_of(const Message& message) {
  if (const auto* task = std::get_if<PushTask>(&message)) return Begun{task->task, task->depth, true};
  if (const auto* call = std::get_if<CallActor>(&message)) return Begun{call->task, call->depth, false};
  return std::nullopt;
}

bool is_work(const Message& message) {
  return std::holds_alternative<InitActor>(message) || begun_of(message);
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
  if (std::holds_alternative<Synced>(message)) {
    const std::lock_guard lock(mutex_);
    unheard_.erase(from);
    return;
  }
  if (!is_work(message)) return;
  std::unique_lock lock(mutex_);
  if (std::holds_alternative<CallActor>(message)) callers_.insert(from);
  if (const auto* task = std::get_if<PushTask>(&message); task != nullptr && waiting_ > 0) {
    lock.unlock();
    return give_back(from, {task->task});
  }
  if (closed_.empty()) return items_.push_back({from, std::move(message)});
  const std::optional<Begun> work = begun_of(message);
  const std::string why = closed_;
  lock.unlock();
  if (work) say(from, left_before(work->task, why));
}

void WorkQueue::say(ProcessId to, Message message) {
  runtime_->post([to, message = std::move(message)](Time, ClientCore&, ClientOutbox& out) { out.send(to, message); });
}

void WorkQueue::give_back(ProcessId owner, std::vector<TaskId> tasks) { say(owner, TasksReturned{std::move(tasks)}); }

void WorkQueue::take_read(const StreamRead& read) {
  const std::lock_guard lock(mutex_);
  for (RunningTask* running : running_)
    if (running->task == read.task) {
      running->read = read.items;
      running->closed = read.closed;
    }
  for (Item& item : items_)
    if (const auto* task = std::get_if<PushTask>(&item.message); task != nullptr && task->task == read.task)
      item.read = read;
}

// Whether it was waiting to be run, and now is not.
bool WorkQueue::drop(TaskId task) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(items_, [task](const Item& item) {
           const std::optional<Begun> work = begun_of(item.message);
           return work && work->task == task;
         }) > 0;
}

// Whether it runs, and now is told.
bool WorkQueue::tell_running(TaskId task) {
  const std::lock_guard lock(mutex_);
  const auto runs = std::ranges::find(running_, task, &RunningTask::task);
  if (runs == running_.end()) return false;
  (*runs)->cancelled = true;
  return true;
}

void WorkQueue::cancel(ProcessId from, const CancelTask& cancel) {
  if (drop(cancel.task)) return say(from, cancelled(cancel.task));
  if (!tell_running(cancel.task) || !cancel.recursive) return;
  runtime_->post([parent = cancel.task](Time now, ClientCore& core, ClientOutbox& out) {
    core.cancel_children(now, parent, out);
  });
}

void WorkQueue::begin_wait(const RunningTask& running) {
  if (!running.lends) return;
  std::map<ProcessId, std::vector<TaskId>> unbegun;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_++ > 0) return;
    std::erase_if(items_, [&unbegun](const Item& item) {
      const auto* task = std::get_if<PushTask>(&item.message);
      if (task != nullptr) unbegun[item.from].push_back(task->task);
      return task != nullptr;
    });
  }
  for (auto& [owner, tasks] : unbegun) give_back(owner, std::move(tasks));
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

void WorkQueue::wait_until_heard(Duration limit) {
  std::set<ProcessId> callers;
  {
    const std::lock_guard lock(mutex_);
    callers = unheard_ = callers_;
  }
  for (const ProcessId caller : callers) say(caller, Sync{});
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

bool WorkQueue::send_item(RunningTask& running, std::string value) {
  if (!running.closed && !running.cancelled) say(running.caller, StreamItem{running.task, running.sent++, std::move(value)});
  const auto may_go_on = [&running] {
    return running.closed || running.cancelled || running.sent < running.read + running.ahead;
  };
  if (!may_go_on()) {
    const internal::WaitScope scope;
    runtime_->wait(may_go_on, std::nullopt);
  }
  return !running.closed && !running.cancelled;
}

WorkQueue::Item WorkQueue::take(RunningTask& running) {
  std::unique_lock lock(mutex_);
  while (items_.empty()) {
    lock.unlock();
    runtime_->wait([this] { return has_work(); }, std::nullopt);
    lock.lock();
  }
  Item item = std::move(items_.front());
  items_.pop_front();
  if (const std::optional<Begun> work = begun_of(item.message)) {
    running.task = work->task;
    running.caller = item.from;
    running.depth = work->depth;
    running.lends = work->lends;
  }
  if (const auto* task = std::get_if<PushTask>(&item.message)) running.ahead = task->ahead;
  if (const auto* init = std::get_if<InitActor>(&item.message)) actor_ = init->spec.actor;
  if (item.read) {
    running.read = item.read->items;
    running.closed = item.read->closed;
  }
  running.queue = this;
  running_.push_back(&running);
  return item;
}

void WorkQueue::finish(RunningTask& running) {
  const std::lock_guard lock(mutex_);
  std::erase(running_, &running);
  if (!closed_.empty()) ended_.notify_all();
}

bool WorkQueue::has_work() const {
  const std::lock_guard lock(mutex_);
  return !items_.empty();
}

void WorkQueue::close(const RunningTask& own, const std::string& why) {
  std::deque<Item> left;
  {
    std::unique_lock lock(mutex_);
    closed_ = why;
    left = std::exchange(items_, {});
    ended_.wait(lock, [&] { return std::ranges::all_of(running_, [&](const RunningTask* each) { return each == &own; }); });
  }
  for (const Item& item : left)
    if (const std::optional<Begun> work = begun_of(item.message)) say(item.from, left_before(work->task, why));
}

Message Executor::run(const Message& message, RunningTask& running) {
  const RunningScope scope(running);
  if (const auto* task = std::get_if<PushTask>(&message)) return run_task(*task, running);
  if (const auto* call = std::get_if<CallActor>(&message)) return run_call(*call, running);
  return construct(std::get<InitActor>(message), running);
}

ErrorInfo Executor::unknown(const std::string& function, const std::string& what) const {
  ErrorInfo error;
  error.kind = ErrorKind::kUnknownFunction;
  error.function = function;
  error.message = what;
  error.node = node_;
  error.pid = static_cast<std::uint64_t>(::getpid());
  return error;
}

template <typename Call>
TaskDone Executor::timed(RunningTask& running, const std::string& function, Call call) {
  TaskDone done;
  done.task = running.task;
  running.function = function;
  const Time start = now();
  try {
    done.value = call();
  } catch (const CancelledError& error) {
    done.error = running.cancelled ? cancelled_error(function, error.words()) : current_error(function, node_);
  } catch (...) {
    done.error = current_error(function, node_);
  }
  done.run_ns = static_cast<std::uint64_t>((now() - start).count());
  return done;
}

ErrorInfo Executor::cancelled_error(const std::string& function, const std::string& words) const {
  ErrorInfo error = unknown(function, words);
  error.kind = ErrorKind::kCancelled;
  return error;
}

TaskDone Executor::run_task(const PushTask& task, RunningTask& running) {
  const internal::FunctionCall function = find_function(task.function);
  if (function != nullptr)
    return timed(running, task.function, [&] { return function(task.arguments); });
  return {task.task, "", unknown(task.function, "the worker's program has no task '" + task.function + "'"), 0};
}

InitActorDone Executor::construct(const InitActor& init, RunningTask& running) {
  spec_ = init.spec;
  incarnation_ = init.incarnation;
  set_actor_view({true, spec_.class_name, spec_.name, spec_.name_space, static_cast<int>(incarnation_) - 1});
  const internal::Constructor constructor = find_class(spec_.class_name);
  if (constructor == nullptr)
    return {spec_.actor, unknown(spec_.class_name, "the worker's program has no actor class '" + spec_.class_name + "'")};
  const TaskDone done = timed(running, spec_.class_name, [&] {
    actor_ = constructor(spec_.arguments);
    return std::string();
  });
  InitActorDone answer{spec_.actor, done.error};
  if (answer.error) {
    answer.error->message = "its constructor threw " + answer.error->type + ": " + answer.error->message;
    answer.error->kind = ErrorKind::kActorDied;
  }
  return answer;
}

TaskDone Executor::run_call(const CallActor& call, RunningTask& running) {
  const std::string function = spec_.class_name + "::" + call.method;
  if (actor_ == nullptr || call.actor != spec_.actor) {
    ErrorInfo error = unknown(function, "this process is not the actor " + to_string(call.actor));
    error.kind = ErrorKind::kActorUnavailable;
    return {call.task, "", error, 0};
  }
  if (call.method == kLeave) {
    running.leaves = true;
    return {call.task, "", std::nullopt, 0};
  }
  const internal::MethodCall method = find_method(spec_.class_name, call.method);
  if (method == nullptr)
    return {call.task, "", unknown(function, "the actor's class has no method '" + call.method + "'"), 0};
  return timed(running, function, [&] { return method(actor_.get(), call.arguments); });
}

}  // namespace Atoll
