#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/resources.h"
#include "runtime/base/status.h"
#include "runtime/scheduler/node_resources.h"

namespace Atoll {

// How the bundles of a group spread over nodes.
enum class Strategy : std::uint8_t {
  kPack = 0,          // as few nodes as possible; best effort
  kSpread = 1,        // as many nodes as possible; best effort
  kStrictPack = 2,    // one node, and the fewest islands any node allows
  kStrictSpread = 3,  // a node of its own each
};

// Where all bundles of a group, or of each of its segments, must stay together. From inside to outside.
enum class Level : std::uint8_t { kIsland = 0, kNode = 1, kFabric = 2, kSwitch = 3, kCluster = 4 };

// What a node must be called: "zone" → "a", or "!a", or "in(a,b)", or "!in(a,b)"; see label_selector.h.
using LabelSelector = std::map<std::string, std::string>;

// What is asked for.
struct GroupRequest {
  Strategy strategy = Strategy::kPack;
  Level within = Level::kCluster;
  std::uint32_t segment = 0;  // nodes a segment: the group is cut into pieces of that many nodes, each within `within`;
                              // 0: one piece
  std::vector<Resources> bundles;
  LabelSelector labels;  // of every node that is used
  friend bool operator==(const GroupRequest&, const GroupRequest&) = default;
};

inline constexpr std::size_t kMaxBundles = 100'000;

// kInvalidArgument, with one sentence that says what and where, for what no cluster could ever have: no bundles, an
// empty bundle, a malformed amount, a contradiction such as STRICT_SPREAD within(node), a segment that is not within a
// fabric or a switch, or a label selector that cannot be read.
Status check_group(const GroupRequest& request);

// "PACK" …, "island" … and back.
const char* to_string(Strategy strategy);
const char* to_string(Level level);
Result<Strategy> parse_strategy(const std::string& text);
Result<Level> parse_level(const std::string& text);

// Where one bundle is.
struct BundlePlace {
  NodeId node = NodeId::kNone;
  std::vector<GpuShare> gpus = {};  // in the order in which they shall be used
  friend bool operator==(const BundlePlace&, const BundlePlace&) = default;
};

}  // namespace Atoll
