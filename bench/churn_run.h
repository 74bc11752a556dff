#pragma once

#include <numeric>
#include <queue>

#include "bench/churn_cluster.h"

namespace Atoll::Churn {

// What one policy made of one stream. The first fifth of the groups only fills the cluster.
struct Figures {
  double one_island = 0;     // of accepted groups of two GPUs and more: those on one island
  double served = 0;         // of all groups of two GPUs and more: those accepted on one island
  double fragmented4 = 0;    // of free GPUs: those of no use to a group of 4 on one island; averaged over time
  double fragmented8 = 0;    // the same of 8
  double accepted = 0;       // of groups
  double accepted_time = 0;  // of the GPU time that was asked for
  double decision_ns = 0;    // to choose and to take, answers known
  double pair_gbps = 0;      // of accepted groups of two GPUs and more: GB/s between two, mean over pairs, then groups
  double pair_gbps_75 = 0;   // its 75th percentile over groups
  double of_best = 0;        // the total inside, as a share of the best that the empty node has; mean
};

// How many of the free GPUs serve groups of `size` on one island.
inline int useful(const Make& make, Mask free, int size) {
  int count = 0;
  for (const Mask island : make.islands) {
    const int here = std::popcount(static_cast<Mask>(island & free));
    count += here - here % size;
  }
  return count;
}

// Fragmentation over time.
class FreeGpus {
 public:
  void add(const Make& make, Mask free, int sign) {
    free_ += sign * std::popcount(free);
    useful4_ += sign * useful(make, free, 4);
    useful8_ += sign * useful(make, free, 8);
  }
  void pass(double time) {
    if (free_ >= 4) four_.pass(time, 1 - static_cast<double>(useful4_) / static_cast<double>(free_));
    if (free_ >= 8) eight_.pass(time, 1 - static_cast<double>(useful8_) / static_cast<double>(free_));
  }
  double fragmented4() const { return four_.mean(); }
  double fragmented8() const { return eight_.mean(); }

 private:
  struct TimeMean {
    double sum = 0, time = 0;
    void pass(double span, double value) {
      sum += span * value;
      time += span;
    }
    double mean() const { return time > 0 ? sum / time : 0; }
  };
  std::int64_t free_ = 0, useful4_ = 0, useful8_ = 0;
  TimeMean four_, eight_;
};

// The most that k GPUs of an empty node have inside, in MB/s, by k.
inline std::vector<std::int64_t> best_totals(const Make& make) {
  std::vector<std::int64_t> best(kMostGpus + 1, 0);
  for (int k = 1; k <= make.gpus(); ++k)
    for_each_set(make.all(), k, [&](Mask set) { best[k] = std::max(best[k], total_inside(make.graph, set)); });
  return best;
}

class Run {
 public:
  Run(const Offers& offers, const std::vector<Make>& all, const std::vector<std::size_t>& make_of_node)
      : makes_(all), cluster_(offers, all, make_of_node) {
    for (const Make& make : all) best_.push_back(best_totals(make));
    for (std::size_t node = 0; node < make_of_node.size(); ++node) count(node, 1);
  }

  Figures run(const std::vector<Group>& stream) {
    const std::size_t warm = stream.size() / 5;
    for (std::size_t i = 0; i < stream.size(); ++i) {
      measuring_ = i >= warm;
      leave_until(stream[i].arrival);
      pass(stream[i].arrival);
      arrive(stream[i]);
    }
    return figures();
  }

 private:
  struct Leaving {
    double time;
    Cluster::Placed placed;
    bool operator<(const Leaving& other) const { return time > other.time; }
  };

  void count(std::size_t node, int sign) { gpus_.add(makes_[cluster_.make(node)], cluster_.free(node), sign); }

  void pass(double until) {
    if (measuring_) gpus_.pass(until - now_);
    now_ = until;
  }

  void leave_until(double time) {
    while (!leaving_.empty() && leaving_.top().time <= time) {
      const Leaving next = leaving_.top();
      leaving_.pop();
      pass(next.time);
      count(next.placed.node, -1);
      cluster_.remove(next.placed);
      count(next.placed.node, 1);
    }
  }

  void arrive(const Group& group) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    const auto placed = cluster_.place(group);
    const double took = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
    if (placed) {
      const Make& make = makes_[cluster_.make(placed->node)];
      gpus_.add(make, static_cast<Mask>(cluster_.free(placed->node) | placed->gpus), -1);
      gpus_.add(make, cluster_.free(placed->node), 1);
      leaving_.push({group.arrival + group.duration, *placed});
    }
    if (measuring_) note(group, placed, took);
  }

  void note(const Group& group, const std::optional<Cluster::Placed>& placed, double took) {
    ++offered_;
    decision_ns_ += took;
    offered_time_ += group.gpus * group.duration;
    offered_several_ += group.gpus > 1;
    if (!placed) return;
    ++accepted_;
    accepted_time_ += group.gpus * group.duration;
    if (group.gpus < 2) return;
    ++several_;
    const std::size_t make = cluster_.make(placed->node);
    const std::int64_t inside = total_inside(makes_[make].graph, placed->gpus);
    one_island_ += islands_touched(makes_[make], placed->gpus) == 1;
    pair_gbps_.push_back(static_cast<double>(inside) / 1000 / (group.gpus * (group.gpus - 1) / 2.0));
    of_best_ += static_cast<double>(inside) / static_cast<double>(best_[make][group.gpus]);
  }

  Figures figures() {
    const double several = std::max(several_, 1.0);
    Figures figures;
    figures.one_island = one_island_ / several;
    figures.served = one_island_ / std::max(offered_several_, 1.0);
    figures.fragmented4 = gpus_.fragmented4();
    figures.fragmented8 = gpus_.fragmented8();
    figures.accepted = accepted_ / offered_;
    figures.accepted_time = accepted_time_ / offered_time_;
    figures.decision_ns = decision_ns_ / offered_;
    figures.of_best = of_best_ / several;
    if (pair_gbps_.empty()) return figures;
    figures.pair_gbps = std::accumulate(pair_gbps_.begin(), pair_gbps_.end(), 0.0) / several;
    std::sort(pair_gbps_.begin(), pair_gbps_.end());
    figures.pair_gbps_75 = pair_gbps_[pair_gbps_.size() * 3 / 4];
    return figures;
  }

  const std::vector<Make>& makes_;
  Cluster cluster_;
  std::vector<std::vector<std::int64_t>> best_;
  std::priority_queue<Leaving> leaving_;
  FreeGpus gpus_;
  double now_ = 0;
  bool measuring_ = false;
  double offered_ = 0, accepted_ = 0, offered_time_ = 0, accepted_time_ = 0, decision_ns_ = 0;
  double offered_several_ = 0, several_ = 0, one_island_ = 0, of_best_ = 0;
  std::vector<double> pair_gbps_;
};

}  // namespace Atoll::Churn
