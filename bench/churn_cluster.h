#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "bench/churn_policies.h"

namespace Atoll::Churn {

// A policy's offers for every state that a node can be in, worked out beforehand, and ranked: of two states the one
// with the lower rank is better, states of equal score share a rank.
class Offers {
 public:
  static constexpr int kDemands = 2 * (kMostGpus + 1);
  static int demand_of(const Group& group) { return 2 * group.gpus + group.sensitive; }

  Offers(const Policy& policy, const std::vector<Make>& all) {
    const auto start = std::chrono::steady_clock::now();
    std::size_t asked = 0;
    for (int demand = 2; demand < kDemands; ++demand) {
      const Group group{0, 0, demand / 2, demand % 2 != 0};
      for (std::size_t make = 0; make < all.size(); ++make)
        for (unsigned free = 0; free <= all[make].all(); ++free, ++asked)
          offers_[demand][state_of(make, static_cast<Mask>(free))] =
              policy.offer(all[make], static_cast<Mask>(free), group);
    }
    fresh_ns_ = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() /
                static_cast<double>(asked);
    for (auto& ranks : ranks_) ranks.assign(kStates, -1);
    for (int demand = 2; demand < kDemands; ++demand) rank(demand);
  }

  static std::size_t state_of(std::size_t make, Mask free) { return make << kMostGpus | free; }
  int rank_of(int demand, std::size_t state) const { return ranks_[demand][state]; }  // -1: does not fit
  int ranks(int demand) const { return rank_counts_[demand]; }
  Mask gpus_of(int demand, std::size_t state) const { return offers_[demand].at(state)->gpus; }
  double fresh_ns() const { return fresh_ns_; }  // to work out one offer, on average

 private:
  static constexpr std::size_t kStates = 8 << kMostGpus;

  void rank(int demand) {
    std::map<std::array<std::int64_t, 4>, int> scores;
    for (const auto& [state, offer] : offers_[demand])
      if (offer) scores[offer->score] = 0;
    for (auto& [score, number] : scores) number = rank_counts_[demand]++;
    for (const auto& [state, offer] : offers_[demand])
      if (offer) ranks_[demand][state] = scores[offer->score];
  }

  std::array<std::map<std::size_t, std::optional<Offer>>, kDemands> offers_;
  std::array<std::vector<int>, kDemands> ranks_;
  std::array<int, kDemands> rank_counts_ = {};
  double fresh_ns_ = 0;
};

// Numbers from 0 on; the lowest is found by words.
class NumberSet {
 public:
  explicit NumberSet(std::size_t size = 0) : words_(size / 64 + 1, 0) {}
  void insert(std::size_t number) { words_[number / 64] |= std::uint64_t{1} << number % 64; }
  void erase(std::size_t number) { words_[number / 64] &= ~(std::uint64_t{1} << number % 64); }
  bool empty() const {
    return std::all_of(words_.begin(), words_.end(), [](std::uint64_t word) { return word == 0; });
  }
  std::optional<std::size_t> lowest() const {
    for (std::size_t i = 0; i < words_.size(); ++i)
      if (words_[i] != 0) return i * 64 + static_cast<std::size_t>(std::countr_zero(words_[i]));
    return std::nullopt;
  }

 private:
  std::vector<std::uint64_t> words_;
};

// Nodes and what is free on them, indexed for one policy: for each demand, the nodes by rank.
class Cluster {
 public:
  Cluster(const Offers& offers, const std::vector<Make>& all, const std::vector<std::size_t>& make_of_node)
      : offers_(offers), makes_(make_of_node) {
    for (int demand = 2; demand < Offers::kDemands; ++demand) {
      by_rank_[demand].assign(static_cast<std::size_t>(offers.ranks(demand)), NumberSet(makes_.size()));
      ranks_[demand] = NumberSet(static_cast<std::size_t>(offers.ranks(demand)));
    }
    for (std::size_t node = 0; node < makes_.size(); ++node) {
      free_.push_back(all[makes_[node]].all());
      index(node);
    }
  }

  struct Placed {
    std::size_t node = 0;
    Mask gpus = 0;
  };
  std::optional<Placed> place(const Group& group) {
    const int demand = Offers::demand_of(group);
    const auto rank = ranks_[demand].lowest();
    if (!rank) return std::nullopt;
    const std::size_t node = *by_rank_[demand][*rank].lowest();
    const Placed placed{node, offers_.gpus_of(demand, state_of(node))};
    set_free(node, static_cast<Mask>(free_[node] & ~placed.gpus));
    return placed;
  }
  void remove(const Placed& placed) { set_free(placed.node, static_cast<Mask>(free_[placed.node] | placed.gpus)); }

  Mask free(std::size_t node) const { return free_[node]; }
  std::size_t make(std::size_t node) const { return makes_[node]; }

 private:
  std::size_t state_of(std::size_t node) const { return Offers::state_of(makes_[node], free_[node]); }

  void set_free(std::size_t node, Mask free) {
    for (int demand = 2; demand < Offers::kDemands; ++demand) {
      const int rank = offers_.rank_of(demand, state_of(node));
      if (rank < 0) continue;
      NumberSet& nodes = by_rank_[demand][static_cast<std::size_t>(rank)];
      nodes.erase(node);
      if (nodes.empty()) ranks_[demand].erase(static_cast<std::size_t>(rank));
    }
    free_[node] = free;
    index(node);
  }

  void index(std::size_t node) {
    for (int demand = 2; demand < Offers::kDemands; ++demand) {
      const int rank = offers_.rank_of(demand, state_of(node));
      if (rank < 0) continue;
      by_rank_[demand][static_cast<std::size_t>(rank)].insert(node);
      ranks_[demand].insert(static_cast<std::size_t>(rank));
    }
  }

  const Offers& offers_;
  const std::vector<std::size_t>& makes_;
  std::vector<Mask> free_;
  std::array<std::vector<NumberSet>, Offers::kDemands> by_rank_;
  std::array<NumberSet, Offers::kDemands> ranks_;
};

}  // namespace Atoll::Churn
