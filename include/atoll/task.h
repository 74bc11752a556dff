#pragma once

#include <string>
#include <utility>

#include <atoll/placement_group.h>
#include <atoll/registry.h>

// Registers a function, so that task(function) may run it in other processes.
// Once per function, at namespace scope, in a file of the program.
#define ATOLL_TASK(function)                                                     \
  static const ::Atoll::internal::FunctionRegistration<&function> ATOLL_JOIN( \
      atoll_function_, __COUNTER__) {                                            \
    #function                                                                    \
  }

namespace Atoll {

// A call of a registered function to be run by a worker somewhere in the
// cluster: options first, then submit().
//
//   Ref<int> sum = task(add).cpus(2).submit(1, 2);
template <typename Function>
class Task {
 public:
  using Result = typename internal::Signature<Function>::Result;

  explicit Task(Function function) : function_(&internal::name_of_function(reinterpret_cast<const void*>(function))) {
    options_.needs.cpus = 1;
    options_.is_stream = internal::Streamed<Result>::kIsStream;
    if (options_.is_stream) options_.ahead = 64;
  }

  Task& cpus(double n) { return options_.needs.cpus = n, *this; }
  Task& gpus(double n) { return options_.needs.gpus = n, *this; }
  Task& memory(std::uint64_t bytes) { return options_.needs.memory = bytes, *this; }
  Task& resource(const std::string& name, double n) { return options_.needs.custom[name] = n, *this; }
  // How often it is run again when its worker or node dies, or a node with its large result does; -1: without limit.
  Task& retries(int n) { return options_.retries = n, *this; }
  // It is run again, as often as retries() says, when it throws as well: anything,
  // or one of these types or what derives from them.
  Task& retry_errors() { return options_.retries_errors = true, *this; }
  template <typename... Exceptions>
  Task& retry_on() {
    static_assert(sizeof...(Exceptions) > 0, "retry_on<Exceptions...>() names at least one type");
    options_.retries_errors = true;
    (options_.retried.push_back(internal::name_of_type(typeid(Exceptions))), ...);
    return *this;
  }
  // What errors call it, beside its function.
  Task& name(std::string name) { return options_.name = std::move(name), *this; }
  // Where it runs: in a bundle of the group, whose resources it uses; -1: in any.
  // Goes with none of the next three.
  Task& in(const PlacementGroup& group, int bundle = -1) {
    return options_.place.group = group.key(), options_.place.bundle = bundle, *this;
  }
  // On the node with the most free share, one after the other.
  Task& spread() { return options_.place.spread = true, *this; }
  // On the node of this name. kHard: it waits while the node is busy, and fails with
  // InfeasibleError if it is unknown, dead or too small. kSoft: if it can be had there now.
  Task& on_node(std::string node, Affinity affinity = Affinity::kHard) {
    return options_.place.node = std::move(node), options_.place.affinity = affinity, *this;
  }
  // On a node with these labels; InfeasibleError if none that lives has them.
  Task& where(Labels labels) { return options_.place.labels = std::move(labels), *this; }
  // Labels to try when no node that has those before has room now; may be said several times, and is tried in that order.
  Task& or_where(Labels labels) { return options_.place.otherwise.push_back(std::move(labels)), *this; }
  // Of a function that returns a Stream: how many items may be unread before it
  // waits, at least 1. 64 if not said.
  Task& ahead(int items) {
    static_assert(internal::Streamed<Result>::kIsStream, "ahead() is for functions that return a Stream<T>");
    return options_.ahead = items, *this;
  }

  // Hands it over and returns at once; any thread may. Values are copied.
  // Throws Error for needs or places that are not well formed, ClusterLostError
  // without a cluster, NestingError in a task that is kMaxNesting deep. Gives a Ref<Result>,
  // or for a function that returns a Stream<T> a RefStream<T>.
  template <typename... Given>
  typename internal::Submitted<Result>::Type submit(const Given&... given) const {
    internal::Handle result = internal::submit_task(
        *function_, internal::Signature<Function>::Parameters::make_arguments(given...), options_);
    if constexpr (internal::Streamed<Result>::kIsStream)
      return {std::move(result), options_.ahead};
    else
      return Ref<Result>(std::move(result));
  }

 private:
  const std::string* function_;
  internal::TaskOptions options_;
};

// The task that calls `function`. Throws UnknownFunctionError if it has no ATOLL_TASK.
template <typename Function>
Task<std::decay_t<Function>> task(Function&& function) {
  return Task<std::decay_t<Function>>(std::forward<Function>(function));
}

// Tasks may submit tasks, and wait for them: meanwhile their CPUs, not their
// GPUs or other resources, are lent to others, so that nesting deeper than the
// node has CPUs does not come to a stop. Each level that waits is a process, so
// there is a limit.
inline constexpr int kMaxNesting = 100;

struct CancelOptions {
  bool force = false;     // end the worker's process if the task runs already
  bool recursive = true;  // cancel the tasks and calls that it made, too
};

// Cancels the task or call whose result this is; does nothing if it has ended.
// One that has not begun never begins. One that runs is told: it sees
// this_task().is_cancelled(), its waits throw CancelledError, and what it
// returns or throws is its result, unless that is CancelledError. With `force` its
// worker's process is ended, and with that the tasks it submitted. It is not
// retried. Returns at once; any thread may. Throws Error for `force` of an
// actor's call: kill the actor instead.
template <typename T>
void cancel(const Ref<T>& ref, CancelOptions options = {}) {
  internal::cancel_object(ref.handle(), options.force, options.recursive);
}

// Cancels the task that fills the stream. What it has yielded can still be read.
template <typename T>
void cancel(const RefStream<T>& stream, CancelOptions options = {}) {
  cancel(stream.completed(), options);
}

// The task or actor call that the calling thread runs; in a driver, and in
// threads of the user's own, none.
struct TaskView {
  bool is_task = false;
  std::string function;  // as in ErrorOrigin
  int depth = 0;         // how many tasks and calls it was made within
  // Whether somebody cancelled it. Long work asks now and then, and ends.
  bool is_cancelled() const;
};
TaskView this_task();

}  // namespace Atoll
