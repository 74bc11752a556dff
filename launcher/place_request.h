#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/scheduler/group.h"

namespace Atoll {

// What `atoll place` is asked to plan.
struct PlanRequest {
  struct Group {
    std::string name;
    GroupRequest request;  // passes check_group()
  };
  std::vector<Group> groups;
  std::vector<Resources> tasks;  // each passes check_request()
};

// A request file, atoll-place(1). kInvalidArgument with one sentence that says where.
Result<PlanRequest> read_request(std::string_view text);

}  // namespace Atoll
