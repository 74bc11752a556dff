#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "tests/sim/world.h"

namespace Atoll::sim {

// What a task takes that runs long.
inline constexpr Duration kLongRun = std::chrono::seconds(30);

// A worker that stands for the user's program: becomes ready after a while, runs
// what it is pushed one at a time, each for a random time, and may die under it, or
// wait for others in its middle. It is told of cancelled tasks as the real one.
class Worker : public Process {
 public:
  Worker(World& world, const StartWorker& start, DaemonProcess& daemon);

  // How its process will be said to have ended.
  std::string cause = "exited with status 0";
  DaemonProcess& daemon() { return daemon_; }

 private:
  struct Job {
    ProcessId caller;
    TaskId task;
    bool is_call = false;
    bool cancelled = false;
    std::vector<Location> unread = {};  // arguments
  };

  void receive(ProcessId from, Message message) override;
  void lost(ProcessId peer, const Status& why) override;
  void carry_out() override { send(out_); }
  void become_ready();
  void push(Job job);
  void cancel(ProcessId caller, TaskId task);
  void give_back_unbegun(std::optional<ProcessId> caller);
  void run_next();
  void read_next();
  void on_gone(const CopyGone& gone);
  void on_held(const CopyHeld& held);
  void begin();
  void begin_wait();
  void end_wait();
  void finish();
  void answer(const Job& job, TaskDone done);
  void on_room(const RoomMade& made);

  DaemonProcess& daemon_;
  Outbox out_;
  std::deque<Job> queue_;
  bool running_ = false;  // the first of the queue
  bool waits_ = false;    // it waits for others
  Duration run_time_{};
  // Large results on their way into the arena, by request.
  struct Making {
    Job job;
    TaskDone done;
    std::uint64_t bytes = 0;
  };
  std::map<std::uint64_t, Making> making_;
  std::uint64_t next_request_ = 1;
  std::uint64_t reading_ = 0;  // the question for the argument that is read
};

}  // namespace Atoll::sim
