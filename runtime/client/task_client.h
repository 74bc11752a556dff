#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/sequence_table.h"
#include "runtime/client/call_arguments.h"
#include "runtime/client/stream_progress.h"

namespace Atoll {

// The owner's side of tasks: queues them by shape, leases workers for each
// shape from the home daemon and, where the head sends it, from others, pushes
// tasks to the leased workers and settles their results.
//
// TASKS-1 a task's result is settled exactly once, and once more each time it was lost and the task is run again: by its
//         value, its own error, or the loss of its worker more often than its retries allow
// TASKS-2 a task that may have run is run again only if its retries allow
// TASKS-3 a lease is given back when there is nothing for it to do
// TASKS-5 a task in a placement group waits until the group is created, asks the
//         daemons of its bundles alone, and fails when the group has gone
// TASKS-4 a worker gets more than one task ahead only while tasks of its shape
//         are shorter than kPipelineTarget, and never behind it one that must not
//         be retried
// TASKS-6 what a worker gives back unbegun is run elsewhere, and costs no attempt;
//         the worker gets nothing more before the task that it runs has ended
// TASKS-11 a task that may run anywhere is offered first to the node in whose memory most bytes of its arguments lie
// TASKS-10 what was pushed behind a task that runs for kHoldLimit is asked back
// TASKS-9 the items of a stream come out once each, in order, though the task is
//         run again from its beginning
// TASKS-7 a task that was cancelled is not pushed any more, and never run again
// TASKS-12 a task of whose arguments one cannot be read waits, without its worker, until that is there again; it costs no attempt
// TASKS-13 what is idle in a placement group goes back before it is removed, so that its workers do not end with it
// TASKS-14 no more workers are asked for than would have kWorthAWorker to do with what waits, by how long tasks of its
//          shape took; one at least, and one for each task when some stood behind one that runs long
// LINEAGE-5 a task whose result was a copy that is lost is run again under its own id, which counts against its retries; not
//         after it was cancelled
// TASKS-8 with `force` its worker is ended as soon as the task is the first of the
//         worker's that has not ended; what was pushed behind it costs no attempt
class TaskClient {
 public:
  TaskClient(ProcessId self, ProcessId job, ObjectBook& objects) : self_(self), job_(job), objects_(objects) {}

  // The daemon to ask first; none: only the head is asked.
  void set_home(const Contact& home) { home_ = home; }
  void set_head(ProcessId head) { head_ = head; }

  void submit(Time now, TaskSpec spec, ClientOutbox& out);

  void on_grant(Time now, ProcessId daemon, const LeaseGrant& grant, ClientOutbox& out);
  void on_refused(Time now, ProcessId daemon, const LeaseRefused& refused, ClientOutbox& out);
  void on_placed(Time now, const Placed& placed, ClientOutbox& out);
  void on_infeasible(Time now, const Infeasible& infeasible, ClientOutbox& out);
  void on_lease_lost(Time now, const LeaseLost& lost, ClientOutbox& out);
  // A placement group is somewhere else, or gone.
  void on_group(Time now, const GroupUpdate& update, ClientOutbox& out);
  // The group will be removed. TASKS-13
  void return_idle_in(GroupId group, ClientOutbox& out);
  // Returns false if the task is not one of ours that was pushed.
  bool on_done(Time now, ProcessId worker, const TaskDone& done, ClientOutbox& out);
  void on_returned(Time now, ProcessId worker, const TasksReturned& returned, ClientOutbox& out);
  void on_argument_lost(Time now, ProcessId worker, const ArgumentLost& lost, ClientOutbox& out);
  // Runs the task of a result of ours again that is lost (ObjectBook::take_rebuilds()).
  void rebuild(Time now, ObjectId object, ClientOutbox& out);
  // An object settled: tasks that waited for it may go on.
  void on_object_settled(Time now, ObjectId object, ClientOutbox& out);
  // Returns false if no such task of ours is unfinished.
  bool cancel(Time now, TaskId id, bool force, bool recursive, ClientOutbox& out);
  // These return false if no such task of ours is unfinished.
  bool on_item(ProcessId worker, const StreamItem& item, ClientOutbox& out);
  bool stream_read(Time now, const StreamRead& read, ClientOutbox& out);
  // The unfinished tasks that this task submitted.
  std::vector<TaskId> children_of(TaskId parent) const;
  // A worker or a daemon is gone, or out of reach.
  void on_lost(Time now, ProcessId peer, const std::string& why, ClientOutbox& out);

  void on_tick(Time now, ClientOutbox& out);
  std::optional<Time> next_deadline() const;

  std::size_t unfinished() const { return tasks_.size(); }
  std::uint64_t finished() const { return counts_.finished; }  // ever, without an error
  std::uint64_t retried() const { return counts_.retried; }    // begun once more, ever
  const WaitCounts& waits() const { return waits_; }    // from the submission until each was sent to a worker
  WorkCounts counts() const;
  // The unfinished ones, as they are listed (client_state.cc).
  void list(Time now, StateRows& rows) const;
  std::size_t leases() const { return leases_.size(); }

 private:
  struct Shape;
  struct Task {
    TaskId id;
    std::string function;
    CallArguments arguments;
    Shape* shape = nullptr;
    TaskId parent;
    LeaseId lease;  // where it was pushed to
    std::shared_ptr<const TaskExtras> extras;
    std::unique_ptr<StreamProgress> stream;  // null for most
    std::int32_t retries = 0;
    std::int32_t attempts_left = 0;
    std::uint32_t depth = 0;
    std::uint32_t missing = 0;  // of the objects among its arguments
    std::uint32_t ahead = 0;
    bool cancelled = false;
    bool forced = false;
    std::uint8_t sample = 0;
    Time submitted{};
  };
  struct Lease {
    LeaseId id;
    Shape* shape = nullptr;
    ProcessId daemon = ProcessId::kNone;
    Contact worker;
    std::deque<TaskId> in_flight;
    Time first_since{};   // the first in flight is what its worker runs, as far as is known
    Time idle_since{};    // Time(): it is not idle
    bool is_open = false; // it is in Shape::open
    bool is_held = false; // by what it runs: its worker gave others back, or was asked to
    bool broken = false;  // its worker is out of reach; why is not known yet
  };
  // A question for workers that is not fully answered yet.
  struct Ask {
    Shape* shape = nullptr;
    ProcessId target = ProcessId::kNone;  // a daemon, or the head
    std::uint32_t count = 0;
    bool is_renamed = false;  // Shape::work has changed since
  };
  struct Shape {
    WorkerShape key;
    std::deque<TaskId> ready;  // some of them cancelled since
    std::size_t gone = 0;      // so many
    std::size_t tasks = 0;     // that are not finished
    std::size_t leases = 0;
    std::deque<LeaseId> idle;  // leases with nothing in flight, the latest last; some are so no more
    std::deque<LeaseId> open;  // leases that had room for one more when last seen, in turn
    std::uint32_t asked = 0;   // the sum over its asks
    Contact near;              // whom to ask first, instead of the home daemon
    std::string work;          // LeaseRequest::work of its leases
    std::optional<Time> named; // when that changed
    double task_seconds = 1;   // smoothed run time, pessimistic at first
    bool given_back = false;   // tasks were, unbegun, and none has ended since: what they stood behind may wait for them
    std::set<ProcessId> never;  // daemons whose bundles can never hold it
    std::set<ProcessId> lost;   // daemons that are out of reach; until the next ask_groups_again()

    std::size_t waiting() const { return ready.size() - gone; }
  };
  // Where a placement group's bundles are.
  struct Group {
    GroupState state = GroupState::kPending;
    std::vector<ProcessId> daemons;  // by bundle; none where it has no place
    std::map<ProcessId, Contact> contacts;
    std::string why;
    bool gone() const { return state == GroupState::kRemoved || state == GroupState::kInfeasible; }
  };

  std::string why_waiting(const Task& task) const;
  Task* find(TaskId id) { return id.process == self_ ? tasks_.find(id.sequence) : nullptr; }
  Task& at(TaskId id);
  Lease* find_lease(LeaseId id);
  Shape& shape_of(const WorkerShape& key);
  void join(Time now, Shape& shape, Task& task, ClientOutbox& out);
  void begin(Time now, TaskSpec spec, std::int32_t attempts_left, ClientOutbox& out);
  void wait_for_arguments(Task& task);
  // Queues it, unless an argument is missing or broken.
  void make_ready(Time now, Task& task, ClientOutbox& out);
  // Whether the first of the queue can be pushed; if not, it is in the queue no more.
  bool has_arguments(Time now, Task& task, ClientOutbox& out);
  void remember(const Task& task);
  void move_to_arguments(Time now, Task& task, ClientOutbox& out);
  // The next task to push, none if there is none.
  Task* next_ready(Shape& shape);
  // A lease that may be pushed the task; none if there is none.
  Lease* find_room(Shape& shape, const Task& task);
  Lease* take_idle(Shape& shape);
  bool has_room(const Lease& lease) const;
  // The lease has room now, or is idle.
  void offer(Time now, Lease& lease);
  void pump(Time now, Shape& shape, ClientOutbox& out);
  void push(Time now, Lease& lease, Task& task, ClientOutbox& out);
  void ask_back_held(Time now, ClientOutbox& out);
  void ask_for_more(Shape& shape, ClientOutbox& out);
  static std::size_t workers_for(const Shape& shape);
  void ask_daemon(Shape& shape, const Contact& daemon, std::uint32_t count, std::uint64_t reservation, ClientOutbox& out);
  void ask_head(Shape& shape, std::uint32_t count, ClientOutbox& out);
  void ask_group(Shape& shape, std::uint32_t count, ClientOutbox& out);
  std::set<ProcessId> daemons_for(const WorkerShape& key, const Group& group) const;
  void fail_ready(Shape& shape, ErrorKind kind, const std::string& why, ClientOutbox& out);
  void on_refused_in_group(Time now, ProcessId daemon, Shape& shape, bool never, ClientOutbox& out);
  void avoid_for_a_while(Time now, Shape& shape, ProcessId daemon);
  void ask_groups_again(Time now, ClientOutbox& out);
  void withdraw_asks(Shape& shape, ClientOutbox& out);
  void answer_ask(std::uint64_t id, std::uint32_t count);
  // `loss` says why, and where as far as it is known.
  void lose_lease(Time now, const LeaseLost& loss, ClientOutbox& out);
  // The lease is over: `each` of what was pushed to it, last to first, is queued again or ended.
  void take_back(Time now, LeaseId id, const std::function<void(Task&)>& each, ClientOutbox& out);
  void forget_lease(Lease& lease);
  void retry_or_fail(Task& task, const LeaseLost& loss, ClientOutbox& out);
  bool may_retry(const Task& task, const ErrorInfo& error) const;
  void end_forced(Time now, Lease& lease, ClientOutbox& out);
  void finish(Task& task, Value value, std::optional<ErrorInfo> error, ClientOutbox& out);
  void give_back(Lease& lease, ClientOutbox& out);
  void return_idle(Time now, Shape& shape, ClientOutbox& out);
  void want_tick(Time then);
  static std::size_t depth_of(const Shape& shape);

  ProcessId self_;
  ProcessId job_;
  ObjectBook& objects_;
  Contact home_;
  ProcessId head_ = ProcessId::kNone;
  SequenceTable<Task> tasks_;  // by sequence: all are this process's
  std::unordered_map<ObjectId, std::vector<TaskId>> waiting_;  // by an object among their arguments; some have ended
  std::map<WorkerShape, Shape> shapes_;
  std::map<GroupId, Group> groups_;
  std::optional<Time> ask_again_;  // in groups where an ask came to nothing
  std::unordered_map<LeaseId, Lease> leases_;
  std::unordered_map<ProcessId, Lease*> by_worker_;
  std::map<LeaseId, Time> broken_;  // leases whose workers are out of reach, since when
  std::optional<Time> tick_;        // when idle and broken leases are looked at next
  std::map<std::uint64_t, Ask> asks_;
  std::uint64_t next_ask_ = 1;
  WaitCounts waits_;
  WorkCounts counts_;  // but for those that are under way
};

// Tasks are pushed ahead so that a worker has about this much to do.
inline constexpr Duration kPipelineTarget = std::chrono::milliseconds(1);
inline constexpr std::size_t kMaxPipeline = 128;
// One more worker is asked for when there is this much for it to do: what it costs to get one.
inline constexpr Duration kWorthAWorker = std::chrono::microseconds(250);
// Tasks wait this long behind one that is pushed to the same worker before they are asked back.
inline constexpr Duration kHoldLimit = std::chrono::milliseconds(10);
// An idle lease is kept this long for the next task.
inline constexpr Duration kLeaseLinger = std::chrono::milliseconds(5);
// Where tasks of one function follow those of another, their leases are named anew at most this often.
inline constexpr Duration kRenameInterval = std::chrono::seconds(1);
// Workers asked for at one time, of one shape.
inline constexpr std::uint32_t kMaxAsked = 1024;
// Where a bundle was asked and had gone, it is asked for again after this long, should nothing be heard of its group.
inline constexpr Duration kGroupAskAgain = std::chrono::milliseconds(100);
// How long to wait for the daemon's words on a worker that is out of reach.
inline constexpr Duration kBrokenLeaseLimit = std::chrono::seconds(3);

}  // namespace Atoll
