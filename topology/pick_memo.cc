#include "topology/pick_memo.h"

#include <bit>

namespace Atoll {

namespace {

constexpr int kMostGpus = 64;

std::uint64_t to_bits(const std::vector<int>& positions) {
  std::uint64_t bits = 0;
  for (const int position : positions) bits |= std::uint64_t{1} << position;
  return bits;
}

std::vector<int> to_positions(std::uint64_t bits) {
  std::vector<int> positions;
  for (; bits != 0; bits &= bits - 1) positions.push_back(std::countr_zero(bits));
  return positions;
}

}  // namespace

// Multiplication by 2^64 / golden ratio spreads the bits (Knuth, The Art of Computer Programming, 6.4).
std::size_t PickMemo::Hash::operator()(const Question& question) const {
  std::uint64_t hash = std::hash<const GpuGraph*>()(question.graph.get());
  for (const std::uint64_t word : {question.free, static_cast<std::uint64_t>(question.k)})
    hash = std::rotl((hash ^ word) * 0x9e3779b97f4a7c15ULL, 32);
  return hash;
}

const Pick* PickMemo::pick(const std::shared_ptr<const GpuGraph>& graph, const std::vector<int>& free, int k) {
  if (graph->size() <= kMostGpus) return pick(graph, to_bits(free), k);
  unkept_ = pick_gpus(*graph, free, k);
  return unkept_ ? &*unkept_ : nullptr;
}

const Pick* PickMemo::pick(const std::shared_ptr<const GpuGraph>& graph, std::uint64_t free, int k) {
  if (k < 1 || k > std::popcount(free)) return nullptr;
  Question question{graph, free, k};
  if (const auto known = answers_.find(question); known != answers_.end()) return &known->second;
  std::optional<Pick> answer = pick_gpus(*graph, to_positions(free), k);
  if (answers_.size() >= most_) answers_.clear();
  return &answers_.emplace(std::move(question), *std::move(answer)).first->second;
}

}  // namespace Atoll
