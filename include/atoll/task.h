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

  explicit Task(Function function) : name_(&internal::name_of_function(reinterpret_cast<const void*>(function))) {
    needs_.cpus = 1;
  }

  Task& cpus(double n) { return needs_.cpus = n, *this; }
  Task& gpus(double n) { return needs_.gpus = n, *this; }
  Task& memory(std::uint64_t bytes) { return needs_.memory = bytes, *this; }
  Task& resource(const std::string& name, double n) { return needs_.custom[name] = n, *this; }
  // How often it is run again when its worker or node dies; -1: without limit.
  Task& retries(int n) { return retries_ = n, *this; }
  // Where it runs: in a bundle of the group, whose resources it uses; -1: in any.
  // Goes with none of the next three.
  Task& in(const PlacementGroup& group, int bundle = -1) {
    return place_.group = group.key(), place_.bundle = bundle, *this;
  }
  // On the node with the most free share, one after the other.
  Task& spread() { return place_.spread = true, *this; }
  // On the node of this name. kHard: it waits while the node is busy, and fails with
  // InfeasibleError if it is unknown, dead or too small. kSoft: if it can be had there now.
  Task& on_node(std::string node, Affinity affinity = Affinity::kHard) {
    return place_.node = std::move(node), place_.affinity = affinity, *this;
  }
  // On a node with these labels; InfeasibleError if none that lives has them.
  Task& where(Labels labels) { return place_.labels = std::move(labels), *this; }

  // Hands it over and returns at once; any thread may. Values are copied.
  // Throws Error for needs or places that are not well formed, ClusterLostError without a cluster.
  template <typename... Given>
  Ref<Result> submit(const Given&... given) const {
    return Ref<Result>(internal::submit_task(
        *name_, internal::Signature<Function>::Parameters::make_arguments(given...), needs_, place_, retries_));
  }

 private:
  const std::string* name_;
  Needs needs_;
  internal::Place place_;
  int retries_ = 3;
};

// The task that calls `function`. Throws UnknownFunctionError if it has no ATOLL_TASK.
template <typename Function>
Task<std::decay_t<Function>> task(Function&& function) {
  return Task<std::decay_t<Function>>(std::forward<Function>(function));
}

}  // namespace Atoll
