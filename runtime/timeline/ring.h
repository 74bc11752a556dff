#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/wire/timeline_messages.h"

namespace Atoll {

// What a process has recorded and not handed over yet: the latest records.
//
// RING-1 there are never more than `most`; the oldest give way, and are counted
// RING-2 what is taken is taken once, in order, with the names that it has, and leaves no memory behind
class TimelineRing {
 public:
  explicit TimelineRing(std::size_t most) : most_(most) {}

  void add(TimelineRecord record, std::string_view name);
  std::size_t size() const { return records_.size(); }
  bool empty() const { return records_.empty(); }
  // Into the chunk's records, names and dropped; nothing is left.
  void take(TimelineChunk& chunk);

 private:
  std::uint32_t number_of(std::string_view name);

  std::size_t most_;
  std::vector<TimelineRecord> records_;
  std::size_t oldest_ = 0;  // its place
  std::uint64_t dropped_ = 0;
  std::vector<std::string> names_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

// More names than these in one chunk are all called "...".
inline constexpr std::size_t kMostTimelineNames = 4'096;

// The records of a chunk; what is left behind the last whole one is no record.
std::vector<TimelineRecord> records_of(const TimelineChunk& chunk);
inline std::size_t count_records(const TimelineChunk& chunk) { return chunk.records.size() / sizeof(TimelineRecord); }

}  // namespace Atoll
