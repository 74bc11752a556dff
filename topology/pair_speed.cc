#include "topology/pair_speed.h"

#include <algorithm>

#include "topology/link_speed.h"

namespace Atoll {

namespace {

double lane_gbps(LinkKind kind, const std::string& model) {
  return kind == LinkKind::kXgmi ? xgmi_lane_gbps(model) : nvlink_lane_gbps(compute_capability(model));
}

}  // namespace

double pair_gbps(LinkKind kind, const std::string& model, const std::string& other, int lanes) {
  return lanes * std::min(lane_gbps(kind, model), lane_gbps(kind, other));
}

}  // namespace Atoll
