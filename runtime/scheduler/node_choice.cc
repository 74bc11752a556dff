#include "runtime/scheduler/node_choice.h"

#include <tuple>

namespace Atoll {
namespace {

GpuDemand demand_of(const std::vector<Resources>& bundles, bool one_island) {
  GpuDemand demand{{}, one_island};
  demand.amounts.reserve(bundles.size());
  for (const Resources& bundle : bundles) demand.amounts.push_back(bundle.gpu);
  return demand;
}

}  // namespace

std::uint32_t first_common(const FitSet& a, const FitSet* b, const FitSet* c, std::uint32_t from) {
  for (std::uint32_t number = a.first(from); number != FitSet::kNone;) {
    std::uint32_t next = number;
    for (const FitSet* set : {b, c})
      if (set != nullptr && next != FitSet::kNone) next = set->first(next);
    if (next == number || next == FitSet::kNone) return next;
    number = a.first(next);
  }
  return FitSet::kNone;
}

NodeChoice::Scores& NodeChoice::scores_of(Room room, const GpuDemand& demand) {
  auto& known = scores_[room == Room::kNow ? 0 : 1];
  const auto found = known.find(demand);
  if (found != known.end()) return found->second;
  if (known.size() >= kMostDemands) known.clear();
  return known[demand];
}

std::optional<std::uint32_t> NodeChoice::choose(const ClusterView& view, Room room,
                                                const std::vector<Resources>& bundles, bool one_island,
                                                const FitSet* allowed, PickMemo& memo) {
  const Resources needed = needed_at_least(bundles);
  const FitSet& fitting = view.fitting(needed, room);
  if (needed.gpu.is_zero()) {
    const std::uint32_t node = first_common(fitting, allowed, nullptr);
    return node == FitSet::kNone ? std::nullopt : std::optional(node);
  }
  const GpuDemand demand = demand_of(bundles, one_island);
  Scores& scores = scores_of(room, demand);
  const NodeClasses& classes = view.classes(room);
  if (scores.size() < classes.slots()) scores.resize(classes.slots());
  std::optional<GpuScore> best;
  tied_.clear();
  for (const std::uint32_t number : classes.live()) {
    const NodeClasses::Class& nodes = classes.at(number);
    Known& known = scores[number];
    if (known.serial != nodes.serial) known = {nodes.serial, score_gpus({nodes.graph, nodes.gpus}, demand, memo), {}};
    if (!known.score || (best && *best < *known.score)) continue;
    const std::uint32_t node = first_common(nodes.nodes, &fitting, allowed);
    if (node == FitSet::kNone) continue;
    if (best != known.score) tied_.clear();
    best = known.score;
    tied_.push_back({number, node});
  }
  return best ? std::optional(settle_ties(classes, demand, scores, memo)) : std::nullopt;
}

std::uint32_t NodeChoice::settle_ties(const NodeClasses& classes, const GpuDemand& demand, Scores& scores,
                                      PickMemo& memo) const {
  if (tied_.size() == 1) return tied_[0].node;
  const Tied* best = nullptr;
  for (const Tied& tied : tied_) {
    Known& known = scores[tied.number];
    const NodeClasses::Class& nodes = classes.at(tied.number);
    if (!known.with_ties) known.with_ties = score_ties({nodes.graph, nodes.gpus}, demand, *known.score, memo);
    const auto rank = [&scores](const Tied& one) { return std::tie(*scores[one.number].with_ties, one.node); };
    if (best == nullptr || rank(tied) < rank(*best)) best = &tied;
  }
  return best->node;
}

}  // namespace Atoll
