#include "topology/pair_speed.h"

#include <algorithm>

namespace Atoll {

namespace {

double lane_speed(LinkKind kind, const std::string&) { return kind == LinkKind::kXgmi ? 36 : 20; }

}  // namespace

double pair_gbps(LinkKind kind, const std::string& model, const std::string& other, int lanes) {
  return lanes * std::min(lane_speed(kind, model), lane_speed(kind, other));
}

}  // namespace Atoll
