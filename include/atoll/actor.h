#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include <atoll/placement_group.h>
#include <atoll/registry.h>

// Registers an actor class: its constructor as a function type, then the methods
// that can be called. Once per class, in the class's namespace.
//
//   ATOLL_ACTOR(Counter(int), &Counter::add, &Counter::total);
#define ATOLL_ACTOR(signature, ...)                                                                      \
  [[maybe_unused]] inline std::type_identity<signature> atoll_constructor(                               \
      ::Atoll::internal::ConstructorSignature<signature>::Class*) {                                      \
    return {};                                                                                           \
  }                                                                                                      \
  static const ::Atoll::internal::ClassRegistration<signature __VA_OPT__(, ) __VA_ARGS__> ATOLL_JOIN( \
      atoll_class_, __COUNTER__)(#signature, #__VA_ARGS__)

namespace Atoll {

namespace internal {

// [process, sequence, owner], as a Ref's: of all handles, Actor's and Command's.
template <typename Stream>
msgpack::packer<Stream>& pack_actor(msgpack::packer<Stream>& out, const Handle& handle) {
  note_actor(handle);
  const Key key = key_of_actor(handle);
  out.pack_array(3);
  out.pack(key.process);
  out.pack(key.sequence);
  out.pack(handle == nullptr ? std::string() : handle->owner());
  return out;
}
inline Handle unpack_actor(const msgpack::object& in) {
  if (in.type != msgpack::type::ARRAY || in.via.array.size != 3) throw msgpack::type_error();
  const msgpack::object* field = in.via.array.ptr;
  return received_actor({field[0].as<std::uint64_t>(), field[1].as<std::uint64_t>()}, field[2].as<std::string>());
}

}  // namespace internal

// How many calls an actor with coroutines runs at one time, if it does not say.
inline constexpr int kCoroutinesAtOnce = 1000;

// A handle to an actor of class C: an object in a process of its own, somewhere
// in the cluster. Handles are small values, can be passed to tasks and actors, and
// any thread may use them.
//
// An actor ends with kill(), with the process that created it, by exit_actor(), or
// when no process has a handle to it any more: then the calls made so far still
// run, and the object is destroyed. Handles count wherever they are: in arguments and
// results, inside of values, kept by other actors; who is killed has none any more. An
// actor that keeps a handle to itself, or actors that keep each other's, do not end so.
// Handles from find_actor(), and to detached() actors, do not count.
template <typename C>
class Actor {
 public:
  Actor() = default;
  explicit Actor(internal::Handle handle) : handle_(std::move(handle)) {}

  // Calls a registered method. Returns at once; calls of one process to one
  // actor begin in the order they were made, unless it has several threads or
  // concurrency groups. Gives a Ref of what the method returns; of a method that
  // returns an Async<T> a Ref<T>, of one that returns a Stream<T> a RefStream<T>.
  template <typename Method, typename... Given>
  typename internal::Submitted<typename internal::Signature<Method>::Result>::Type call(Method method,
                                                                                       const Given&... given) const {
    using Taken = internal::Signature<Method>;
    using Result = typename Taken::Result;
    static_assert(std::is_base_of_v<typename Taken::Class, C>, "this is a method of another class");
    internal::CallOptions options = options_;
    options.is_stream = internal::Streamed<Result>::kIsStream;
    internal::Handle result = internal::call_actor(key(), internal::name_of_called(method),
                                                   Taken::Parameters::make_arguments(given...), options);
    if constexpr (internal::Streamed<Result>::kIsStream)
      return {std::move(result), options.ahead};
    else
      return Ref<Result>(std::move(result));
  }

  // A handle whose calls are sent again so often, other than call_retries() says.
  // These three say it for calls through that handle, here.
  Actor with_retries(int n) const { return with([&](internal::CallOptions& options) { options.retries = n; }); }
  // Its calls run in this concurrency group of the actor, whatever the method's is.
  // BadArgumentsError if there is none.
  Actor with_group(std::string name) const {
    return with([&](internal::CallOptions& options) { options.group = std::move(name); });
  }
  // Its streams have so many items unread before the method waits, at least 1. 64 if not said.
  Actor with_ahead(int items) const { return with([&](internal::CallOptions& options) { options.ahead = items; }); }

  // Waits until it is up. Throws ActorDiedError, InfeasibleError, or TimeoutError.
  template <typename Rep, typename Period>
  void wait_ready(std::chrono::duration<Rep, Period> timeout) const {
    internal::wait_for_actor(key(), std::chrono::steady_clock::now() + timeout);
  }

  // Ends its process at once, whatever it does; it is not restarted.
  void kill() const { internal::kill_actor(key(), /*restart=*/false); }
  // The same, as if it had died: it is restarted if it has restarts left.
  void kill_and_restart() const { internal::kill_actor(key(), /*restart=*/true); }

  internal::Key key() const { return internal::key_of_actor(handle_); }
  const internal::Handle& handle() const { return handle_; }

 private:
  template <typename Change>
  Actor with(Change change) const {
    Actor other = *this;
    change(other.options_);
    return other;
  }

  internal::Handle handle_;
  internal::CallOptions options_;
};

// An actor to be created: options first, then create().
//
//   Actor<Counter> counter = actor<Counter>().gpus(1).name("hits").create(10);
template <typename C>
class ActorOptions {
 public:
  ActorOptions& cpus(double n) { return settings_.needs.cpus = n, *this; }
  ActorOptions& gpus(double n) { return settings_.needs.gpus = n, *this; }
  ActorOptions& memory(std::uint64_t bytes) { return settings_.needs.memory = bytes, *this; }
  ActorOptions& resource(const std::string& name, double n) { return settings_.needs.custom[name] = n, *this; }
  // By which find_actor() finds it; in its name space it is one living actor's.
  ActorOptions& name(std::string name) { return settings_.name = std::move(name), *this; }
  // Where the name counts. Not said: among the processes of this driver.
  ActorOptions& in_namespace(std::string name) { return settings_.name_space = std::move(name), *this; }
  // If a living actor has the name, that is the one; options and arguments are
  // passed over then, and the handle does not count. create() waits for the head's answer.
  ActorOptions& get_if_exists() { return settings_.get_if_exists = true, *this; }
  // It has no owner: it ends with kill(), exit_actor() or the cluster. It needs a
  // name and a name space, by which others find it.
  ActorOptions& detached() { return settings_.detached = true, *this; }
  // How often it is built anew, from its constructor, when its process or node
  // dies; -1: without limit.
  ActorOptions& restarts(int n) { return settings_.restarts = n, *this; }
  // How often a call is sent again, in its order, when the process dies under it
  // or the connection breaks: with more than 0 a call may run more than once. -1:
  // without limit.
  ActorOptions& call_retries(int n) { return settings_.call_retries = n, *this; }
  // Calls that throw are sent again as well, as often.
  ActorOptions& retry_errors() { return settings_.retries_errors = true, *this; }
  // How many unfinished calls one process may have; the next ones are
  // PendingCallsErrors. 0: any number.
  ActorOptions& max_pending_calls(int n) { return settings_.most_pending = n, *this; }
  // How many calls may run at one time. In as many threads of its process: the
  // class sees to its own locking, and calls run in no order; 1 if not said. But
  // if a method of the class is a coroutine (it returns an Async) all calls share
  // one thread, and take turns where they co_await; kCoroutinesAtOnce if not said.
  ActorOptions& max_concurrency(int n) { return settings_.concurrency = n, *this; }
  // Calls of these methods run beside all others, so many at one time, in the same
  // way: as a pool of their own. Several groups may be named, a method in one at most.
  template <typename... Methods>
  ActorOptions& concurrency_group(std::string name, int most, Methods... methods) {
    static_assert((std::is_base_of_v<typename internal::Signature<Methods>::Class, C> && ...),
                  "this is a method of another class");
    settings_.groups.push_back({std::move(name), most, {internal::name_of_method(internal::bytes_of(methods))...}});
    return *this;
  }
  // Where it lives: in a bundle of the group, whose resources it uses; -1: in any.
  // Goes with none of the next three.
  ActorOptions& in(const PlacementGroup& group, int bundle = -1) {
    return settings_.place.group = group.key(), settings_.place.bundle = bundle, *this;
  }
  // On the node with the most free share, one after the other.
  ActorOptions& spread() { return settings_.place.spread = true, *this; }
  // On the node of this name. kHard: it waits while the node is busy, and fails with
  // InfeasibleError if it is unknown, dead or too small. kSoft: if it can be had there now.
  ActorOptions& on_node(std::string node, Affinity affinity = Affinity::kHard) {
    return settings_.place.node = std::move(node), settings_.place.affinity = affinity, *this;
  }
  // On a node with these labels; InfeasibleError if none that lives has them.
  ActorOptions& where(Labels labels) { return settings_.place.labels = std::move(labels), *this; }
  // Labels to try when no node that has those before has room now; may be said several times, and is tried in that order.
  ActorOptions& or_where(Labels labels) { return settings_.place.otherwise.push_back(std::move(labels)), *this; }

  // Asks for it and returns at once; what goes wrong comes with the first call,
  // or with wait_ready(). Throws Error for options that contradict each other.
  template <typename... Given>
  Actor<C> create(const Given&... given) const {
    using Construct = typename decltype(atoll_constructor(static_cast<C*>(nullptr)))::type;
    using Taken = internal::ConstructorSignature<Construct>;
    return Actor<C>(
        internal::create_actor(internal::name_of_class(typeid(C)), Taken::Parameters::make_arguments(given...), settings_));
  }

 private:
  internal::ActorSettings settings_;
};

template <typename C>
ActorOptions<C> actor() {
  return {};
}

// The living actor with this name, of this driver's processes or in the name
// space given. The handle does not count: it does not keep the actor. Throws ActorDiedError if there is none.
template <typename C>
Actor<C> find_actor(const std::string& name, const std::optional<std::string>& name_space = std::nullopt) {
  return Actor<C>(internal::find_actor(name, name_space));
}

// In an actor's method: it ends when the calls that run now have ended, its object
// is destroyed, and it is not restarted. Calls that come later fail.
// Throws Error elsewhere.
void exit_actor();

// The actor that this process is.
struct ActorView {
  bool is_actor = false;
  std::string class_name;
  std::string name;
  std::string name_space;
  int restarts = 0;  // how often it was built anew
};
ActorView this_actor();

}  // namespace Atoll

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
namespace adaptor {

template <typename C>
struct pack<Atoll::Actor<C>> {
  template <typename Stream>
  packer<Stream>& operator()(packer<Stream>& out, const Atoll::Actor<C>& actor) const {
    return Atoll::internal::pack_actor(out, actor.handle());
  }
};
template <typename C>
struct convert<Atoll::Actor<C>> {
  const msgpack::object& operator()(const msgpack::object& in, Atoll::Actor<C>& actor) const {
    actor = Atoll::Actor<C>(Atoll::internal::unpack_actor(in));
    return in;
  }
};

}  // namespace adaptor
}  // MSGPACK_API_VERSION_NAMESPACE
}  // namespace msgpack
