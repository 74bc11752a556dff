#pragma once

#include <cstdint>

#include "runtime/metrics/histogram.h"

namespace Atoll {

// What a node daemon has seen since its start, for who reads its metrics.
struct NodeCounts {
  std::uint64_t worker_starts = 0;
  std::uint64_t worker_failures = 0;  // ended unasked
  std::uint64_t ended_for_memory = 0;
  std::uint64_t pieces_sent = 0;  // of copies, to other nodes
  std::uint64_t bytes_sent = 0;
  std::uint64_t stalls = 0;
  double stall_seconds = 0;
  DurationHistogram lease_latency;
};

}  // namespace Atoll
