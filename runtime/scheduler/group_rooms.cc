#include "runtime/scheduler/group_rooms.h"

#include <algorithm>

namespace Atoll {

std::vector<int> capacities(const Rooms& rooms, const Resources& request, int limit) {
  std::vector<int> counts;
  counts.reserve(rooms.size());
  for (const NodeRoom& room : rooms) counts.push_back(count_fitting(*room.free, request, limit));
  return counts;
}

bool plainly_too_small(const Rooms& rooms, const BundleShapes& shapes) {
  Resources have;
  for (const NodeRoom& room : rooms) have += room.free->amounts;
  if (!covers(have, shapes.sum())) return true;
  return std::ranges::any_of(shapes.shapes, [&rooms](const BundleShapes::Shape& shape) {
    return std::ranges::none_of(rooms, [&shape](const NodeRoom& room) { return fits(*room.free, shape.request); });
  });
}

}  // namespace Atoll
