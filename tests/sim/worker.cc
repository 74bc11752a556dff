#include "tests/sim/worker.h"

#include <algorithm>
#include <map>

#include "runtime/base/check.h"

namespace Atoll::sim {

using std::chrono::milliseconds;

Worker::Worker(World& world, const StartWorker& start, DaemonProcess& daemon)
    : Process(world, start.worker, daemon.host), daemon_(daemon) {
  out_.learn({daemon.id, NodeId(daemon.host), "sim"});
  if (world.network.chance(world.options.never_ready)) return;
  const bool fails = world.network.chance(world.options.start_fails);
  world.clock_.after(world.random_time(world.options.most_start), [this, fails] {
    if (!alive) return;
    if (fails) return world_.kill(*this, "exited with status 127");
    run([this] { become_ready(); });
  });
}

void Worker::become_ready() {
  out_.send(daemon_.id, WorkerReady{contact(), static_cast<std::uint64_t>(id), "b1"});
}

void Worker::receive(ProcessId from, Message message) {
  if (const auto* task = std::get_if<PushTask>(&message)) {
    if (waits_) return out_.send(from, TasksReturned{{task->task}});
    Job job{from, task->task};
    for (const std::string& argument : task->arguments)
      if (is_location(argument)) job.unread.push_back(decode_location(argument).value());
    for (const Location& location : job.unread)
      if (location.keeper.process != daemon_.id)
        out_.send(daemon_.id, HoldCopy{0, location.copy, location.keeper, location.bytes, {}, /*ahead=*/true});
    push(std::move(job));
  } else if (const auto* call = std::get_if<CallActor>(&message)) {
    world_.begin_call(call->actor, call->task);  // they run in order of arrival
    push({from, call->task, /*is_call=*/true});
  } else if (const auto* cancelled = std::get_if<CancelTask>(&message)) {
    cancel(from, cancelled->task);
  } else if (std::holds_alternative<ReturnTasks>(message)) {
    give_back_unbegun(from);
  } else if (const auto* held = std::get_if<CopyHeld>(&message)) {
    on_held(*held);
  } else if (const auto* gone = std::get_if<CopyGone>(&message)) {
    on_gone(*gone);
  } else if (const auto* made = std::get_if<RoomMade>(&message)) {
    on_room(*made);
  } else if (const auto* refused = std::get_if<RoomRefused>(&message)) {
    auto making = making_.extract(refused->request);
    making.mapped().done.error.emplace().kind = ErrorKind::kOutOfMemory;
    out_.send(making.mapped().job.caller, making.mapped().done);
  } else if (const auto* idle = std::get_if<IsNeeded>(&message)) {
    out_.send(from, NeedReply{idle->question, false});
  } else if (const auto* init = std::get_if<InitActor>(&message)) {
    out_.send(daemon_.id, InitActorDone{init->spec.actor, {}});
  }
}

void Worker::push(Job job) {
  queue_.push_back(std::move(job));
  run_next();
}

void Worker::cancel(ProcessId caller, TaskId task) {
  const auto job = std::ranges::find(queue_, task, &Job::task);
  if (job == queue_.end()) return;
  job->cancelled = true;
  if (running_ && job == queue_.begin()) return;  // it is told, and ends when it likes
  queue_.erase(job);
  TaskDone done;
  done.task = task;
  done.error.emplace().kind = ErrorKind::kCancelled;
  out_.send(caller, done);
}

void Worker::run_next() {
  if (running_ || queue_.empty()) return;
  running_ = true;
  read_next();
}

// A task begins when its arguments could be read, and goes back if one cannot.
void Worker::read_next() {
  const std::vector<Location>& unread = queue_.front().unread;
  if (unread.empty()) return begin();
  reading_ = next_request_++;
  out_.send(daemon_.id, HoldCopy{reading_, unread.back().copy, unread.back().keeper, unread.back().bytes});
}

void Worker::on_held(const CopyHeld& held) {
  const Location& location = queue_.front().unread.back();
  ATOLL_CHECK(held.request == reading_ && daemon_.arena.holds(location.object, held.offset, location.bytes), location.object);
  out_.send(daemon_.id, LetGo{{held.copy}});
  queue_.front().unread.pop_back();
  read_next();
}

void Worker::on_gone(const CopyGone& gone) {
  Job& job = queue_.front();
  if (gone.no_room) {  // it would be read into its own memory
    job.unread.pop_back();
    return read_next();
  }
  out_.send(job.caller, ArgumentLost{job.task, encode_location(job.unread.back()), gone.why});
  queue_.pop_front();
  running_ = false;
  run_next();
}

void Worker::begin() {
  world_.begin_task(queue_.front().task, host);
  const bool is_long = world_.network.chance(world_.options.runs_long);
  if (is_long) world_.begin_long(queue_.front().task);
  run_time_ = is_long ? kLongRun : world_.random_time(world_.options.most_run);
  const bool dies = world_.network.chance(world_.options.worker_dies);
  const bool waits = !queue_.front().is_call && world_.network.chance(world_.options.waits);
  world_.clock_.after(run_time_, [this, dies, waits] {
    if (!alive) return;
    if (dies) return world_.kill(*this, "killed by signal 11");
    run([this, waits] { waits ? begin_wait() : finish(); });
  });
}

// WORK-1, WORK-3: what stands behind it goes back, and the daemon hears of it.
void Worker::begin_wait() {
  waits_ = true;
  out_.send(daemon_.id, WorkerBlocked{true});
  give_back_unbegun(std::nullopt);
  world_.clock_.after(world_.random_time(world_.options.most_run * 5), [this] {
    if (alive) run([this] { end_wait(); });
  });
}

void Worker::give_back_unbegun(std::optional<ProcessId> caller) {
  std::map<ProcessId, std::vector<TaskId>> unbegun;
  for (auto job = queue_.begin() + (running_ ? 1 : 0); job != queue_.end();) {
    const bool returns = !job->is_call && (!caller || job->caller == *caller);
    if (returns) unbegun[job->caller].push_back(job->task);
    job = returns ? queue_.erase(job) : std::next(job);
  }
  for (auto& [owner, tasks] : unbegun) out_.send(owner, TasksReturned{std::move(tasks)});
}

void Worker::end_wait() {
  waits_ = false;
  out_.send(daemon_.id, WorkerBlocked{false});
  finish();
}

void Worker::finish() {
  const Job job = queue_.front();
  queue_.pop_front();
  running_ = false;
  TaskDone done;
  done.task = job.task;
  if (job.cancelled)
    done.error.emplace().kind = ErrorKind::kCancelled;
  else
    done.value = "x";
  done.run_ns = static_cast<std::uint64_t>(run_time_.count());
  answer(job, std::move(done));
  run_next();
}

void Worker::answer(const Job& job, TaskDone done) {
  if (done.error || !world_.network.chance(world_.options.large)) return out_.send(job.caller, done);
  const std::uint64_t request = next_request_++, bytes = 1 + world_.network.random()() % (world_.options.arena / 16);
  making_[request] = {job, std::move(done), bytes};
  out_.send(daemon_.id, MakeRoom{request, result_of(job.task), job.caller, bytes, "sim"});
}

// It takes a while to write it.
void Worker::on_room(const RoomMade& made) {
  world_.clock_.after(world_.random_time(milliseconds(5)), [this, made] {
    if (!alive) return;
    run([this, made] {
      Making making = std::move(making_.extract(made.request).mapped());
      daemon_.arena.write(result_of(making.job.task), made.offset, making.bytes);
      out_.send(daemon_.id, SealCopy{made.copy});
      out_.send(daemon_.id, LetGo{{made.copy}});
      making.done.value = encode_location({{daemon_.id, NodeId(daemon_.host), "sim"}, made.copy, making.bytes});
      out_.send(making.job.caller, making.done);
    });
  });
}

// As the real one: a worker without its daemon ends.
void Worker::lost(ProcessId peer, const Status&) {
  if (peer == daemon_.id) return world_.kill(*this, "exited since its daemon is gone");
  out_.send(daemon_.id, OwnerGone{peer});
}

}  // namespace Atoll::sim
