#include "runtime/scheduler/bundle_shapes.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "runtime/base/check.h"

namespace Atoll {

BundleShapes BundleShapes::of(const std::vector<Resources>& bundles) {
  std::vector<int> all(bundles.size());
  std::iota(all.begin(), all.end(), 0);
  return of(bundles, all);
}

BundleShapes BundleShapes::of(const std::vector<Resources>& bundles, const std::vector<int>& which) {
  BundleShapes result;
  result.bundles = static_cast<int>(which.size());
  std::map<Resources, std::size_t> known;
  std::size_t last = 0;  // most bundles are as the one before
  for (const int index : which) {
    if (result.shapes.empty() || result.shapes[last].request != bundles[index]) {
      const auto [entry, is_new] = known.try_emplace(bundles[index], result.shapes.size());
      if (is_new) result.shapes.push_back({bundles[index], {}});
      last = entry->second;
    }
    result.shapes[last].bundles.push_back(index);
  }
  std::ranges::stable_sort(result.shapes, std::ranges::greater(), [](const Shape& shape) {
    return std::tuple(shape.request.gpu, shape.request.memory, shape.request.cpu);
  });
  return result;
}

Resources BundleShapes::sum() const {
  Resources sum;
  for (const Shape& shape : shapes)
    for (int i = 0; i < shape.count(); ++i) sum += shape.request;
  return sum;
}

void assign_bundles(const BundleShapes& shapes, const std::vector<NodeLoad>& loads,
                    std::vector<std::uint32_t>& node_of_bundle) {
  for (std::size_t s = 0; s < shapes.shapes.size(); ++s) {
    auto bundle = shapes.shapes[s].bundles.begin();
    for (const NodeLoad& load : loads)
      for (int i = 0; i < load.counts[s]; ++i) {
        ATOLL_CHECK(bundle != shapes.shapes[s].bundles.end(), s, load.node);
        node_of_bundle[*bundle++] = load.node;
      }
    ATOLL_CHECK(bundle == shapes.shapes[s].bundles.end(), s);
  }
}

}  // namespace Atoll
