#include "runtime/timeline/ring.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace Atoll {

void TimelineRing::add(TimelineRecord record, std::string_view name) {
  record.name = number_of(name);
  if (records_.size() < most_) return records_.push_back(record);
  records_[oldest_] = record;
  oldest_ = (oldest_ + 1) % most_;
  ++dropped_;
}

std::uint32_t TimelineRing::number_of(std::string_view name) {
  if (const auto known = numbers_.find(name); known != numbers_.end()) return known->second;
  if (names_.size() >= kMostTimelineNames) {
    if (names_.size() == kMostTimelineNames) names_.push_back("...");
    return kMostTimelineNames;
  }
  const auto number = static_cast<std::uint32_t>(names_.size());
  names_.emplace_back(name);
  numbers_.emplace(name, number);
  return number;
}

void TimelineRing::take(TimelineChunk& chunk) {
  std::rotate(records_.begin(), records_.begin() + static_cast<std::ptrdiff_t>(oldest_), records_.end());
  chunk.records.assign(reinterpret_cast<const char*>(records_.data()), records_.size() * sizeof(TimelineRecord));
  chunk.names = std::exchange(names_, {});
  chunk.dropped = std::exchange(dropped_, 0);
  std::vector<TimelineRecord>().swap(records_);  // an assignment would keep its memory
  numbers_.clear();
  oldest_ = 0;
}

std::vector<TimelineRecord> records_of(const TimelineChunk& chunk) {
  std::vector<TimelineRecord> records(count_records(chunk));
  if (!records.empty()) std::memcpy(records.data(), chunk.records.data(), records.size() * sizeof(TimelineRecord));
  return records;
}

}  // namespace Atoll
