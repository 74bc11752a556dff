#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace Atoll {

// What a task or an actor needs while it runs. Amounts are in steps of 1/10,000
// and rounded to the nearest; of more than one GPU only whole ones can be had.
// What does not fit now waits; what no node can ever give fails with InfeasibleError.
struct Needs {
  double cpus = 0;
  double gpus = 0;
  std::uint64_t memory = 0;             // bytes
  std::map<std::string, double> custom = {};  // resources of the cluster's own naming
};

// Whether a task or an actor waits for the node that it names, or takes another
// one while that is busy, dead or unknown.
enum class Affinity : std::uint8_t { kHard = 0, kSoft = 1 };

// What the labels of a node must be: "a", "!a" (not a, or none at all), "in(a,b)" or "!in(a,b)".
// Every node has the labels node (its name), gpu (the model of its GPUs, if any), fabric and
// switch, and those of ATOLL_LABELS.
using Labels = std::map<std::string, std::string>;

inline constexpr std::uint64_t operator""_MiB(unsigned long long n) { return n << 20; }
inline constexpr std::uint64_t operator""_GiB(unsigned long long n) { return n << 30; }

}  // namespace Atoll
