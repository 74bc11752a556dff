#include "runtime/scheduler/group.h"

#include <utility>

#include "runtime/scheduler/label_selector.h"

namespace Atoll {
namespace {

constexpr std::pair<Strategy, const char*> kStrategies[] = {{Strategy::kPack, "PACK"},
                                                            {Strategy::kSpread, "SPREAD"},
                                                            {Strategy::kStrictPack, "STRICT_PACK"},
                                                            {Strategy::kStrictSpread, "STRICT_SPREAD"}};
constexpr std::pair<Level, const char*> kLevels[] = {{Level::kIsland, "island"},
                                                     {Level::kNode, "node"},
                                                     {Level::kFabric, "fabric"},
                                                     {Level::kSwitch, "switch"},
                                                     {Level::kCluster, "cluster"}};

template <typename Table, typename Value>
const char* word_of(const Table& table, Value value) {
  for (const auto& [known, word] : table)
    if (known == value) return word;
  return "unknown";
}

Status invalid(const std::string& words) { return Status(Code::kInvalidArgument, words); }

Status check_bundles(const std::vector<Resources>& bundles) {
  if (bundles.empty()) return invalid("a group needs a bundle");
  if (bundles.size() > kMaxBundles)
    return invalid("a group has at most " + std::to_string(kMaxBundles) + " bundles, not " +
                   std::to_string(bundles.size()));
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    const std::string which = "bundle " + std::to_string(i);
    ATOLL_RETURN_IF_ERROR(check_request(bundles[i]).prefixed(which));
    if (bundles[i].is_zero()) return invalid(which + " asks for nothing");
  }
  return Status();
}

Status check_levels(const GroupRequest& request) {
  const std::string within = to_string(request.within);
  if (request.within <= Level::kNode && request.strategy == Strategy::kStrictSpread && request.bundles.size() > 1)
    return invalid("STRICT_SPREAD wants a node for each bundle, and within(" + within + ") one node for all");
  if (request.segment == 0) return Status();
  if (request.strategy == Strategy::kStrictPack)
    return invalid("STRICT_PACK wants one node, which cannot be cut into segments of nodes");
  if (request.within != Level::kFabric && request.within != Level::kSwitch)
    return invalid("a segment of nodes stays within a fabric or a switch, not within(" + within + ")");
  return Status();
}

}  // namespace

Status check_group(const GroupRequest& request) {
  if (request.strategy > Strategy::kStrictSpread) return invalid("there is no such strategy");
  if (request.within > Level::kCluster) return invalid("there is no such level");
  ATOLL_RETURN_IF_ERROR(check_bundles(request.bundles));
  ATOLL_RETURN_IF_ERROR(check_levels(request));
  return parse_selector(request.labels).status();
}

const char* to_string(Strategy strategy) { return word_of(kStrategies, strategy); }
const char* to_string(Level level) { return word_of(kLevels, level); }

Result<Strategy> parse_strategy(const std::string& text) {
  for (const auto& [strategy, word] : kStrategies)
    if (text == word) return strategy;
  return invalid("there is no strategy '" + text + "'; say PACK, SPREAD, STRICT_PACK or STRICT_SPREAD");
}

Result<Level> parse_level(const std::string& text) {
  for (const auto& [level, word] : kLevels)
    if (text == word) return level;
  return invalid("there is no level '" + text + "'; say island, node, fabric, switch or cluster");
}

}  // namespace Atoll
