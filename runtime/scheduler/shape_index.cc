#include "runtime/scheduler/shape_index.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace Atoll {
namespace {

// The free share of a node in millionths: the smallest over what `shape` asks
// for, since that is what runs out first.
std::int64_t free_share(const Resources& shape, const Resources& total, const Resources& free) {
  constexpr std::int64_t kAll = 1'000'000;
  std::int64_t least = kAll;
  const auto bound = [&least](double have, double of) {
    least = std::min(least, static_cast<std::int64_t>(have / of * kAll));
  };
  const auto bound_fixed = [&bound](Fixed have, Fixed of) {
    bound(static_cast<double>(have.units()), static_cast<double>(of.units()));
  };
  if (!shape.cpu.is_zero()) bound_fixed(free.cpu, total.cpu);
  if (!shape.gpu.is_zero()) bound_fixed(free.gpu, total.gpu);
  if (shape.memory != 0) bound(static_cast<double>(free.memory), static_cast<double>(total.memory));
  for (const auto& [name, amount] : shape.custom)
    if (!amount.is_zero()) bound_fixed(free.custom.at(name), total.custom.at(name));
  return least;
}

}  // namespace

ShapeIndex::ShapeIndex(Resources shape, NodeFilter filter) : shape_(std::move(shape)), filter_(std::move(filter)) {
  Result<std::vector<LabelRule>> rules = parse_selector(filter_.labels);
  ATOLL_CHECK(rules.ok(), rules.status().message());
  rules_ = std::move(*rules);
  admits_all_ = filter_.is_all();
}

bool ShapeIndex::admits(const std::string& name, const std::map<std::string, std::string>& labels,
                        bool has_gpus) const {
  return (filter_.node.empty() || filter_.node == name) && !(filter_.without_gpus && has_gpus) &&
         matches(rules_, labels);
}

void ShapeIndex::update(std::uint32_t id, const NodeResources& total, const NodeResources& free,
                        std::uint64_t last_spread) {
  if (!feasible_.contains(id)) {
    if (!fits(total, shape_)) return;
    feasible_.set(id, true);
    ++feasible_count_;
  }
  const bool fitting = fits(free, shape_);
  fitting_.set(id, fitting);
  if (!ordered_) return;
  const Rank rank{-free_share(shape_, total.amounts, free.amounts), last_spread, id};
  set_rank(id, fitting ? &rank : nullptr);
}

void ShapeIndex::remove(std::uint32_t id) {
  if (feasible_.contains(id)) --feasible_count_;
  feasible_.set(id, false);
  fitting_.set(id, false);
  if (ordered_) set_rank(id, nullptr);
}

void ShapeIndex::set_rank(std::uint32_t id, const Rank* rank) {
  if (id >= rank_of_node_.size()) rank_of_node_.resize(id + 1);
  ranks_.erase(rank_of_node_[id]);
  if (rank == nullptr) return;
  rank_of_node_[id] = *rank;
  ranks_.insert(*rank);
}

std::uint32_t ShapeIndex::most_free() const {
  ATOLL_CHECK(ordered_);
  return ranks_.empty() ? FitSet::kNone : std::get<2>(*ranks_.begin());
}

}  // namespace Atoll
