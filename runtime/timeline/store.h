#pragma once

#include <cstdint>
#include <deque>

#include "runtime/timeline/ring.h"

namespace Atoll {

// The chunks that a daemon keeps: the latest of its node.
//
// KEPT-1 they have no more than `most` bytes; the oldest give way, and their records are counted
// KEPT-2 who reads on from where it was sees each chunk that is there once, in order
class TimelineStore {
 public:
  explicit TimelineStore(std::size_t most) : most_(most) {}

  void add(TimelineChunk chunk);
  // Those after the one with number `after`, kMostTimelineBytes of them, but one at least.
  void read(std::uint64_t after, TimelinePart& part) const;
  std::size_t bytes() const { return bytes_; }

 private:
  static std::size_t size_of(const TimelineChunk& chunk);

  std::size_t most_;
  std::deque<TimelineChunk> chunks_;
  std::uint64_t first_ = 1;  // the number of the first
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace Atoll
