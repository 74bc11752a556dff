#include "tests/sim/worker.h"

namespace Atoll::sim {

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
  if (const auto* push = std::get_if<PushTask>(&message))
    queue_.push_back({from, push->task});
  else if (const auto* call = std::get_if<CallActor>(&message))
    queue_.push_back({from, call->task});
  else if (const auto* init = std::get_if<InitActor>(&message))
    out_.send(daemon_.id, InitActorDone{init->spec.actor, {}});
  run_next();
}

void Worker::run_next() {
  if (running_ || queue_.empty()) return;
  running_ = true;
  world_.begin_task(queue_.front().task, host);
  run_time_ = world_.random_time(world_.options.most_run);
  const bool dies = world_.network.chance(world_.options.worker_dies);
  world_.clock_.after(run_time_, [this, dies] {
    if (!alive) return;
    if (dies) return world_.kill(*this, "killed by signal 11");
    run([this] { finish(); });
  });
}

void Worker::finish() {
  const Job job = queue_.front();
  queue_.pop_front();
  running_ = false;
  TaskDone done;
  done.task = job.task;
  done.value = "x";
  done.run_ns = static_cast<std::uint64_t>(run_time_.count());
  out_.send(job.caller, done);
  run_next();
}

// As the real one: a worker without its daemon ends.
void Worker::lost(ProcessId peer, const Status&) {
  if (peer == daemon_.id) world_.kill(*this, "exited since its daemon is gone");
}

}  // namespace Atoll::sim
