#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "runtime/base/fixed.h"
#include "runtime/scheduler/fit_set.h"
#include "topology/gpu_graph.h"

namespace Atoll {

// Nodes by what their GPUs look like. Nodes whose GPUs are joined alike and have the same free parts are of one class,
// and a question about GPUs has one answer for all of them. A cluster of thousands of nodes has few classes: with whole
// GPUs at most one for each graph and set of free GPUs.
//
// CLASS-1 every node that was set and not removed is in exactly one class, the one that it was set to last
// CLASS-2 equal graphs are compared by address: whoever calls set() shares them
class NodeClasses {
 public:
  struct Class {
    std::shared_ptr<const GpuGraph> graph;  // null: no links are known
    std::vector<Fixed> gpus;                // the free part of each device
    FitSet nodes;
    std::uint32_t count = 0;   // of nodes
    std::uint64_t serial = 0;  // no other class ever has it, and what it says of the GPUs never changes
  };

  void set(std::uint32_t node, const std::shared_ptr<const GpuGraph>& graph, const std::vector<Fixed>& gpus);
  void remove(std::uint32_t node);

  // The numbers of the classes that have nodes, in no order. A number is below slots(), and may come again for another
  // class later.
  const std::vector<std::uint32_t>& live() const { return live_; }
  const Class& at(std::uint32_t number) const { return classes_[number].value; }
  std::size_t slots() const { return classes_.size(); }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Slot {
    Class value;
    std::uint64_t hash = 0;
    std::uint32_t place = kNone;  // in live_
  };

  std::uint32_t find_or_add(const std::shared_ptr<const GpuGraph>& graph, const std::vector<Fixed>& gpus);
  void drop_empty();

  std::vector<Slot> classes_;
  std::vector<std::uint32_t> live_;
  std::vector<std::uint32_t> unused_;  // slots without a class
  std::unordered_multimap<std::uint64_t, std::uint32_t> by_hash_;
  std::vector<std::uint32_t> class_of_node_;
  std::uint64_t last_serial_ = 0;
};

}  // namespace Atoll
