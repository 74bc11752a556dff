#pragma once

// What the templates of this library call. Not for programs: only what stands in
// namespace Atoll itself is the public interface.

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <vector>

#include <atoll/encoded.h>
#include <atoll/options.h>

namespace Atoll::internal {

// An object or an actor: the process that made it, and its number there.
struct Key {
  std::uint64_t process = 0;
  std::uint64_t sequence = 0;
  friend bool operator==(const Key&, const Key&) = default;
};

// One reference of this process to an object, or to an actor; tells the owner's book when the
// last copy goes. `owner` says where to ask for it (an encoded contact): who made it. That
// of an actor may be empty: then this one does not count.
class ObjectHandle {
 public:
  ObjectHandle(Key key, std::shared_ptr<const std::string> owner) : key_(key), owner_(std::move(owner)) {}
  ObjectHandle(const ObjectHandle&) = delete;
  ObjectHandle& operator=(const ObjectHandle&) = delete;
  ~ObjectHandle();

  const Key& key() const { return key_; }
  const std::string& owner() const { return *owner_; }
  // Says, once, that the runtime counts this handle; false if it did already.
  bool count_once() const { return once(counted_); }
  // Likewise that it asks what became of the object.
  bool ask_once() const { return once(asked_); }

 private:
  Key key_;
  std::shared_ptr<const std::string> owner_;
  static bool once(std::atomic<bool>& done) { return !done.load(std::memory_order_relaxed) && !done.exchange(true); }
  mutable std::atomic<bool> counted_{false};
  mutable std::atomic<bool> asked_{false};
};
using Handle = std::shared_ptr<const ObjectHandle>;
// Handles that somebody else keeps: thousands are not copied to be waited for.
using HandleList = std::vector<const Handle*>;

// An argument of a call: an encoded value, or an object if `object` is set.
// `inside` are the references that are part of the value: they are kept until
// the call has ended.
struct Argument {
  std::string value;
  Handle object;
  std::vector<Handle> inside;
};

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

// Where a task or an actor may be: in a bundle of a placement group if `group` is
// somebody's, else on the nodes that the rest names.
struct Place {
  Key group;
  int bundle = -1;   // -1: any
  bool spread = false;
  std::string node;  // empty: any
  Affinity affinity = Affinity::kHard;
  std::map<std::string, std::string> labels;
  std::vector<std::map<std::string, std::string>> otherwise = {};  // labels to be tried next, in order
};

struct TaskOptions {
  Needs needs;
  Place place;
  int retries = 3;
  bool retries_errors = false;                // of the user's code, not only ends of workers
  std::vector<std::string> retried = {};      // if these types alone; empty: all
  std::string name = {};
  bool is_stream = false;
  int ahead = 0;  // of a stream: how many items may be unread
};
Handle submit_task(const std::string& function, std::vector<Argument> arguments, const TaskOptions& options);
// Throws Error for `force` of an actor's call.
void cancel_object(const Handle& object, bool force, bool recursive);
// What a TaskError of this type says it is.
std::string name_of_type(const std::type_info& type);
struct ActorSettings {
  Needs needs;
  Place place;
  std::string name = {};
  std::optional<std::string> name_space = {};  // none: the job's own
  bool detached = false;
  bool get_if_exists = false;
  int restarts = 0;
  int call_retries = 0;
  bool retries_errors = false;
  int most_pending = 0;
  std::optional<int> concurrency = {};  // none: 1, or kCoroutinesAtOnce
  struct Group {
    std::string name;
    int most = 1;
    std::vector<std::string> methods;
  };
  std::vector<Group> groups = {};
};

// Of one call.
struct CallOptions {
  std::optional<int> retries = {};  // -1 without limit; none: as the actor's creator said
  std::string group = {};           // of the actor's concurrency groups; empty: the method's own
  bool is_stream = false;
  int ahead = 64;  // of a stream: how many items may be unread
};

// The first handle to a new actor; with get_if_exists perhaps one to an actor that was there already.
Handle create_actor(const std::string& class_name, std::vector<Argument> arguments, const ActorSettings& settings);
Handle call_actor(Key actor, const std::string& method, std::vector<Argument> arguments, const CallOptions& options);
void kill_actor(Key actor, bool restart);
// The actor that has this name now, by a handle that does not count; throws ActorDiedError if nobody has.
Handle find_actor(const std::string& name, const std::optional<std::string>& name_space);
// Waits until the actor is up; throws what became of it if it died.
void wait_for_actor(Key actor, Deadline deadline);
// Waits until the actor is dead. The status with which its command ended; throws what became of it if none did.
int wait_for_exit(Key actor, Deadline deadline);
// What the head said of it last: a number of ActorState (runtime/wire/actor_messages.h).
int state_of_actor(Key actor);

// Values of that many bytes or more go into the node's object memory, where there is one.
inline constexpr std::size_t kLargeBytes = 100'000;
// Throws OutOfMemoryError.
Handle put_object(Encoded value);
// Whether to put an argument, and send a reference to it.
bool is_worth_putting(const Encoded& value);
// The result of the running task, as it travels: itself, or where it is. Throws OutOfMemoryError.
std::string store_result(Encoded value);
// Where a large value is, as it travels in its place.
inline bool is_location(std::string_view value) { return !value.empty() && value.front() == '\xc1'; }
// Its bytes, for an argument of the running task. Throws ObjectLostError, CancelledError.
Bytes fetch_argument(std::string_view location);
// The object's encoded value. Throws its error, or TimeoutError.
Bytes get_object(const Handle& object, Deadline deadline);
// The values of all, in order. Throws the first error as soon as there is one, or TimeoutError.
std::vector<Bytes> get_objects(const HandleList& objects, Deadline deadline);
bool is_settled(const Handle& object);
// Runs `call` on the callback thread once the object is settled, or the
// connection ends; `type` is the user's, for the log. Keeps the object till then.
void when_settled(Handle object, std::function<void()> call, const std::type_info& type);
// Goes on with the coroutine then, or when the call that it is part of is
// cancelled: in an actor with coroutines in the thread that runs them all,
// elsewhere on the callback thread.
void resume_when_settled(Handle object, std::coroutine_handle<> coroutine, const std::type_info& type);
// Whether coroutines go on in the calling thread, so that it must not wait for one.
bool runs_coroutines();

// Sends the next item of the stream that the calling thread's task fills; waits
// while too many are unread. False if nobody reads any more. Throws CancelledError.
bool send_item(Encoded value);

// The reader's end of the stream that the task with this result fills.
class StreamReader {
 public:
  StreamReader(Handle result, int ahead);
  ~StreamReader();
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  // The next item, settled; null at the end. Throws the task's error, or TimeoutError.
  Handle next(Deadline deadline);
  const Handle& result() const { return result_; }

 private:
  Handle result_;
  std::uint64_t read_ = 0;
  std::uint64_t told_ = 0;  // of it, to the task
  std::uint64_t batch_;  // as much at a time
};

// While it lives, the calling thread waits for something that other tasks bring
// about: if it runs a task, its CPUs are lent to them. Throws CancelledError if
// the task is cancelled.
class WaitScope {
 public:
  WaitScope();
  ~WaitScope();
  WaitScope(const WaitScope&) = delete;
  WaitScope& operator=(const WaitScope&) = delete;

 private:
  bool waits_ = false;
};
// The elements of an object that is, or will be, an array of `count` of them.
std::vector<Handle> split_object(const Handle& whole, std::size_t count);
// Waits until `count` of them are settled or the deadline passes; says which are.
std::vector<bool> wait_for_objects(const HandleList& objects, std::size_t count, Deadline deadline);

// While a Ref is encoded: notes it in what the calling thread encodes. Throws Error for an empty one.
void note_ref(const Handle& handle);
// A reference that was decoded: it counts from now on. Throws Error if `owner` cannot be read.
Handle received_ref(Key key, std::string owner);
// Likewise of handles to actors, which may be empty, and may not count.
void note_actor(const Handle& handle);
Handle received_actor(Key key, std::string owner);
// The key of an empty handle is nobody's.
inline Key key_of_actor(const Handle& handle) { return handle == nullptr ? Key() : handle->key(); }

}  // namespace Atoll::internal
