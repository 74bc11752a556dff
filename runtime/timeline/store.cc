#include "runtime/timeline/store.h"

#include <algorithm>
#include <utility>

namespace Atoll {

std::size_t TimelineStore::size_of(const TimelineChunk& chunk) {
  std::size_t bytes = sizeof chunk + chunk.role.size() + chunk.records.size();
  for (const std::string& name : chunk.names) bytes += sizeof name + name.size();
  return bytes;
}

void TimelineStore::add(TimelineChunk chunk) {
  if (chunk.records.empty() && chunk.dropped == 0) return;
  chunk.records.shrink_to_fit();
  bytes_ += size_of(chunk);
  chunks_.push_back(std::move(chunk));
  for (; bytes_ > most_ && chunks_.size() > 1; chunks_.pop_front(), ++first_) {
    bytes_ -= size_of(chunks_.front());
    dropped_ += count_records(chunks_.front());
  }
}

void TimelineStore::read(std::uint64_t after, TimelinePart& part) const {
  std::size_t next = after < first_ ? 0 : static_cast<std::size_t>(after - first_ + 1);
  for (std::size_t bytes = 0; next < chunks_.size() && (bytes == 0 || bytes < kMostTimelineBytes); ++next) {
    bytes += size_of(chunks_[next]);
    part.chunks.push_back(chunks_[next]);
  }
  next = std::min(next, chunks_.size());
  part.last = first_ + next - 1;
  part.is_end = next == chunks_.size();
  part.dropped = dropped_;
}

}  // namespace Atoll
