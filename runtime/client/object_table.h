#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/base/sequence_table.h"
#include "runtime/client/call.h"
#include "runtime/client/callback_thread.h"
#include "runtime/client/io_turns.h"

namespace Atoll {

// Where user threads wait for objects and actors that a round of the client's I/O
// settles. Every method may be called by any thread.
class ObjectTable {
 public:
  // `turns` wakes who waits here after the round that settled something.
  explicit ObjectTable(IoTurns& turns) : turns_(turns) {}

  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  // One more handle refers to the object, which will be settled. Returns whether
  // it is the first; must come before the core hears of the object.
  bool expect(ObjectId id);
  // One handle less. Returns whether it was the last.
  bool forget(ObjectId id);
  // What is settled stays so: a value that comes again takes the lost one's place.
  void settle(const Completion& completion);

  struct Settled {
    Value value;
    Failure error;
  };
  // What became of the object; nothing if the deadline came first, or the calling thread's task was cancelled: so it is
  // with all of these.
  std::optional<Settled> wait(ObjectId id, Deadline deadline);
  // What the settled object is when it is not `lost` any more.
  std::optional<Settled> wait_again(ObjectId id, const Value& lost, Deadline deadline);
  // Which are settled once `count` of them are, or at the deadline.
  std::vector<bool> wait_any(const std::vector<ObjectId>& ids, std::size_t count, Deadline deadline);
  // What became of all of them, in order; ends early with the first that is an
  // error, which is then the only one filled in. Nothing at the deadline.
  std::optional<std::vector<Settled>> wait_all(const std::vector<ObjectId>& ids, Deadline deadline);
  bool is_settled(ObjectId id) const;

  // Calls back, on the callback thread or in place, once the object is settled: at
  // once if it is. Whoever calls keeps a handle to the object in the callback.
  using Callback = CallbackThread::Callback;
  void when_settled(ObjectId id, Callback callback);
  CallbackThread& callbacks() { return callbacks_; }
  // The end: the callbacks of what is not settled are called too, and the thread
  // ends. Not to be called by a callback.
  void close();

  void expect_actor(ActorId id);
  void update_actor(const ActorUpdate& update);
  // Nothing is known of it any more, once nobody asks for it.
  void forget_actor(ActorId id);
  // While one of these lives, what is known of the actor is kept: made before its news are asked for.
  class ActorQuestion {
   public:
    ActorQuestion(ObjectTable& table, ActorId id);
    ~ActorQuestion();
    ActorQuestion(const ActorQuestion&) = delete;
    ActorQuestion& operator=(const ActorQuestion&) = delete;

   private:
    ObjectTable& table_;
    ActorId id_;
  };
  // The first news of the actor that says it is alive or dead.
  std::optional<ActorUpdate> wait_actor(ActorId id, Deadline deadline);
  // What is known of it once anything is; what is said when it is dead.
  std::optional<ActorUpdate> wait_actor_news(ActorId id, Deadline deadline);
  std::optional<ActorUpdate> wait_actor_dead(ActorId id, Deadline deadline);
  // The actor with that name, or an update with id none if nobody has it; ask_name() comes before the question.
  void ask_name(const std::string& name, const std::string& name_space);
  std::optional<ActorUpdate> wait_name(const std::string& name, const std::string& name_space, Deadline deadline);
  void name_is_unknown(const NoSuchActor& name);
  // What the head made of a creation that asked for an existing actor first: the actor that it is.
  std::optional<ActorId> wait_created(ActorId asked, Deadline deadline);

  void update_group(const GroupUpdate& update);
  void group_name_is_unknown(const std::string& name);
  // Calls `ask`, and waits for the next update of the group.
  std::optional<GroupUpdate> next_group_update(GroupId id, const std::function<void()>& ask, Deadline deadline);
  // The group with that name, or an update with id none if nobody has it.
  std::optional<GroupUpdate> wait_group_name(const std::string& name, Deadline deadline);

 private:
  void call(Callback callback);
  std::optional<ActorUpdate> wait_actor_state(ActorId id, Deadline deadline, bool (*decided)(ActorState));
  template <typename Done>
  bool wait_until(std::unique_lock<std::mutex>& lock, Deadline deadline, Done done);

  IoTurns& turns_;
  mutable std::mutex mutex_;
  // A thread that waits for objects: each that settles counts it down.
  struct Waiter {
    std::atomic<std::size_t> missing{0};  // written under mutex_
    bool ends_with_error = false;
  };
  struct Interest {
    std::vector<Waiter*> waiters;
    std::vector<Callback> callbacks;
  };
  struct Object {
    std::int32_t handles = 0;
    bool settled = false;
    Settled outcome;
    std::unique_ptr<Interest> interest;  // null for most
    Interest& interested() {
      if (interest == nullptr) interest = std::make_unique<Interest>();
      return *interest;
    }
  };
  // Waits until `count` of `ids` are settled.
  void wait_for(std::unique_lock<std::mutex>& lock, std::span<const ObjectId> ids, std::size_t count,
                bool ends_with_error, Deadline deadline);
  using Objects = SequenceTable<Object>;
  // Those of one process; null if none is known.
  Object* find(ObjectId id);
  const Object* find(ObjectId id) const { return const_cast<ObjectTable*>(this)->find(id); }
  Object& at(ObjectId id);

  std::unordered_map<ProcessId, Objects> objects_;  // by the process that made them
  std::pair<ProcessId, Objects*> recent_{};         // whose were looked for last
  std::unordered_map<ActorId, ActorUpdate> actors_;
  struct Questions {
    int open = 0;
    bool is_forgotten = false;  // when the last is answered
  };
  std::unordered_map<ActorId, Questions> questions_;
  struct NameQuestion {
    int waiters = 0;
    std::optional<ActorUpdate> answer;
  };
  std::map<std::pair<std::string, std::string>, NameQuestion> names_;  // by name space and name: that somebody asks for
  std::unordered_map<ActorId, ActorId> instead_;  // of a creation: answers not yet fetched
  struct GroupQuestion {
    int waiters = 0;
    std::uint64_t updates = 0;
    GroupUpdate last;
  };
  std::unordered_map<GroupId, GroupQuestion> groups_;  // that somebody waits for
  std::unordered_map<std::string, GroupUpdate> group_names_;  // likewise
  CallbackThread callbacks_;
};

}  // namespace Atoll
