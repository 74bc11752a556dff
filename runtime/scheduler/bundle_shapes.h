#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/resources.h"

namespace Atoll {

// The bundles of a group by what they ask for: bundles of one shape are alike.
struct BundleShapes {
  struct Shape {
    Resources request;
    std::vector<int> bundles;  // by index, ascending
    int count() const { return static_cast<int>(bundles.size()); }
  };
  std::vector<Shape> shapes;  // the biggest first: by GPUs, then memory, then CPUs
  int bundles = 0;            // of all shapes

  // Of those `bundles` whose indices are in `which`, or of all.
  static BundleShapes of(const std::vector<Resources>& bundles);
  static BundleShapes of(const std::vector<Resources>& bundles, const std::vector<int>& which);

  // All that is asked for together.
  Resources sum() const;
};

// How many bundles of each shape a node gets.
struct NodeLoad {
  std::uint32_t node = 0;
  std::vector<int> counts;  // by shape
};

// Gives the bundles of each shape, in index order, to the nodes in the order of `loads` (GROUP-2): sets the node of
// each. The loads have as many of each shape as there are.
void assign_bundles(const BundleShapes& shapes, const std::vector<NodeLoad>& loads,
                    std::vector<std::uint32_t>& node_of_bundle);

}  // namespace Atoll
