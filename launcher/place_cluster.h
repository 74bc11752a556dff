#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/scheduler/node_place.h"
#include "runtime/scheduler/node_resources.h"
#include "topology/machine.h"

namespace Atoll {

// A node of the cluster that `atoll place` plans on.
struct PlannedNode {
  std::string name;
  NodeResources total;
  std::optional<NodeResources> free;  // where that is less
  NodePlace place;
  std::shared_ptr<const Machine> machine;  // null without a topology file
};

// Reads the topology file at a path as it stands in the cluster file.
using LoadMachine = std::function<Result<Machine>(const std::string& path)>;

// The nodes of a cluster file, atoll-place(1); each topology file is loaded once. kInvalidArgument or load's failure
// with one sentence that says where.
Result<std::vector<PlannedNode>> read_cluster(std::string_view text, const LoadMachine& load);

}  // namespace Atoll
