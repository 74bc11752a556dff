#pragma once

#include <list>
#include <memory>

#include "runtime/scheduler/node_place.h"
#include "runtime/wire/node_messages.h"

namespace Atoll {

// Turns what nodes say of themselves into places for the view. Thousands of equal nodes share one GpuGraph.
class GraphStore {
 public:
  NodePlace place_of(const NodeInfo& info);

 private:
  std::shared_ptr<const GpuGraph> intern(GpuGraph graph);

  std::list<std::shared_ptr<const GpuGraph>> graphs_;  // one a kind of node: few
};

}  // namespace Atoll
