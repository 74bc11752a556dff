#pragma once

#include <chrono>
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

// A handle to an actor of class C: an object in a process of its own, somewhere
// in the cluster, that runs one call after the other. Handles are small values,
// can be passed to tasks and actors, and any thread may use them. The actor ends
// with kill(), or with the process that created it.
template <typename C>
class Actor {
 public:
  Actor() = default;
  explicit Actor(internal::Key key) : key_(key) {}

  // Calls a registered method. Returns at once; calls of one process to one
  // actor run in the order they were made.
  template <typename Method, typename... Given>
  Ref<typename internal::Signature<Method>::Result> call(Method method, const Given&... given) const {
    using Taken = internal::Signature<Method>;
    static_assert(std::is_base_of_v<typename Taken::Class, C>, "this is a method of another class");
    return Ref<typename Taken::Result>(internal::call_actor(
        key_, internal::name_of_method(internal::bytes_of(method)), Taken::Parameters::make_arguments(given...)));
  }

  // Waits until it is up. Throws ActorDiedError, InfeasibleError, or TimeoutError.
  template <typename Rep, typename Period>
  void wait_ready(std::chrono::duration<Rep, Period> timeout) const {
    internal::wait_for_actor(key_, std::chrono::steady_clock::now() + timeout);
  }

  // Ends it at once, whatever it does; it is not restarted.
  void kill() const { internal::kill_actor(key_); }

  const internal::Key& key() const { return key_; }

 private:
  internal::Key key_;
};

// An actor to be created: options first, then create().
//
//   Actor<Counter> counter = actor<Counter>().gpus(1).name("hits").create(10);
template <typename C>
class ActorOptions {
 public:
  ActorOptions& cpus(double n) { return needs_.cpus = n, *this; }
  ActorOptions& gpus(double n) { return needs_.gpus = n, *this; }
  ActorOptions& memory(std::uint64_t bytes) { return needs_.memory = bytes, *this; }
  ActorOptions& resource(const std::string& name, double n) { return needs_.custom[name] = n, *this; }
  // By which find_actor() finds it; belongs to one living actor of the cluster.
  ActorOptions& name(std::string name) { return name_ = std::move(name), *this; }
  // How often it is built anew, from its constructor, when its process or node
  // dies; -1: without limit.
  ActorOptions& restarts(int n) { return restarts_ = n, *this; }
  // Where it lives: in a bundle of the group, whose resources it uses; -1: in any.
  // Goes with none of the next three.
  ActorOptions& in(const PlacementGroup& group, int bundle = -1) {
    return place_.group = group.key(), place_.bundle = bundle, *this;
  }
  // On the node with the most free share, one after the other.
  ActorOptions& spread() { return place_.spread = true, *this; }
  // On the node of this name. kHard: it waits while the node is busy, and fails with
  // InfeasibleError if it is unknown, dead or too small. kSoft: if it can be had there now.
  ActorOptions& on_node(std::string node, Affinity affinity = Affinity::kHard) {
    return place_.node = std::move(node), place_.affinity = affinity, *this;
  }
  // On a node with these labels; InfeasibleError if none that lives has them.
  ActorOptions& where(Labels labels) { return place_.labels = std::move(labels), *this; }

  // Asks for it and returns at once; what goes wrong comes with the first call,
  // or with wait_ready().
  template <typename... Given>
  Actor<C> create(const Given&... given) const {
    using Construct = typename decltype(atoll_constructor(static_cast<C*>(nullptr)))::type;
    using Taken = internal::ConstructorSignature<Construct>;
    return Actor<C>(internal::create_actor(internal::name_of_class(typeid(C)),
                                           Taken::Parameters::make_arguments(given...), needs_, place_, name_,
                                           restarts_));
  }

 private:
  Needs needs_;
  internal::Place place_;
  std::string name_;
  int restarts_ = 0;
};

template <typename C>
ActorOptions<C> actor() {
  return {};
}

// The living actor with this name. Throws ActorDiedError if there is none.
template <typename C>
Actor<C> find_actor(const std::string& name) {
  return Actor<C>(internal::find_actor(name));
}

}  // namespace Atoll

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
namespace adaptor {

// [process, sequence]
template <typename C>
struct pack<Atoll::Actor<C>> {
  template <typename Stream>
  packer<Stream>& operator()(packer<Stream>& out, const Atoll::Actor<C>& actor) const {
    out.pack_array(2);
    out.pack(actor.key().process);
    out.pack(actor.key().sequence);
    return out;
  }
};
template <typename C>
struct convert<Atoll::Actor<C>> {
  const msgpack::object& operator()(const msgpack::object& in, Atoll::Actor<C>& actor) const {
    if (in.type != type::ARRAY || in.via.array.size != 2) throw type_error();
    actor = Atoll::Actor<C>({in.via.array.ptr[0].as<std::uint64_t>(), in.via.array.ptr[1].as<std::uint64_t>()});
    return in;
  }
};

}  // namespace adaptor
}  // MSGPACK_API_VERSION_NAMESPACE
}  // namespace msgpack
