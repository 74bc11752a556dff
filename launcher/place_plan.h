#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launcher/place_cluster.h"
#include "launcher/place_request.h"
#include "runtime/scheduler/group_planner.h"

namespace Atoll {

// Where everything of a request goes.
struct PlacePlan {
  struct Bundle {
    std::size_t node = 0;            // index into the nodes
    std::vector<int> gpus = {};      // as the topology file numbers them, in ring order
    std::optional<int> island = {};  // none: it has no GPU, or GPUs of several
    std::optional<int> numa = {};    // none: unknown as well
    friend bool operator==(const Bundle&, const Bundle&) = default;
  };
  struct Group {
    std::string name;
    GroupVerdict verdict = GroupVerdict::kPending;
    std::vector<Bundle> bundles = {};  // none unless placed
    std::string explain = {};          // one sentence
    double seconds = 0;                // that the decision took
  };
  std::vector<Group> groups;
  std::vector<std::optional<std::size_t>> tasks;  // the node of each
  std::vector<std::string> names;                 // of the nodes
  std::vector<NodeResources> free;                // what is left of each node
};

// Seconds since some point in time.
using Seconds = std::function<double()>;

// Groups first, in order, then tasks, in order. What `nodes` says must be sound, as read_cluster() makes sure.
Result<PlacePlan> plan_placement(const std::vector<PlannedNode>& nodes, const PlanRequest& request,
                                 const Seconds& seconds);

// The JSON of atoll-place(1), with "stats" if asked for, and tables for people.
std::string plan_to_json(const PlacePlan& plan, bool stats);
std::string plan_to_text(const PlacePlan& plan);

// One line a group: how long it took to decide.
std::string plan_stats(const PlacePlan& plan);

}  // namespace Atoll
