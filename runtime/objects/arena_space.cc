#include "runtime/objects/arena_space.h"

#include <algorithm>
#include <bit>
#include <iterator>

#include "runtime/base/check.h"

namespace Atoll {

ArenaSpace::ArenaSpace(std::uint64_t size) : size_(size / kPage * kPage) {
  if (size_ > 0) add(0, size_);
}

// Of 4 to 7 quarters of a power of two; lengths of up to four pages have a class each.
std::size_t ArenaSpace::class_of(std::uint64_t bytes) {
  const std::uint64_t pages = bytes / kPage;
  if (pages < 4) return pages;
  const auto power = static_cast<unsigned>(std::bit_width(pages)) - 1;
  return 4 * (power - 1) + ((pages >> (power - 2)) & 3);
}

void ArenaSpace::add(std::uint64_t offset, std::uint64_t bytes) {
  const std::size_t kind = class_of(bytes);
  extents_.emplace(offset, bytes);
  classes_[kind].insert(offset);
  some_.set(kind);
  free_bytes_ += bytes;
}

void ArenaSpace::remove(std::uint64_t offset, std::uint64_t bytes) {
  const std::size_t kind = class_of(bytes);
  extents_.erase(offset);
  classes_[kind].erase(offset);
  some_.set(kind, !classes_[kind].empty());
  free_bytes_ -= bytes;
}

std::optional<std::uint64_t> ArenaSpace::take(std::uint64_t bytes) {
  ATOLL_CHECK(bytes > 0);
  if (bytes > free_bytes_) return std::nullopt;
  bytes = rounded(bytes);
  const std::size_t own = class_of(bytes);
  std::optional<std::uint64_t> lowest;
  for (std::size_t kind = some_._Find_next(own); kind < kClasses; kind = some_._Find_next(kind))
    if (!lowest || *classes_[kind].begin() < *lowest) lowest = *classes_[kind].begin();
  int tries = kTries;
  for (const std::uint64_t offset : classes_[own]) {
    if ((lowest && offset > *lowest) || (lowest && --tries < 0)) break;
    if (extents_.at(offset) < bytes) continue;
    lowest = offset;
    break;
  }
  if (!lowest) return std::nullopt;
  const std::uint64_t had = extents_.at(*lowest);
  remove(*lowest, had);
  if (had > bytes) add(*lowest + bytes, had - bytes);
  reached_ = std::max(reached_, *lowest + bytes);
  return lowest;
}

void ArenaSpace::give_back(std::uint64_t offset, std::uint64_t bytes) {
  bytes = rounded(bytes);
  ATOLL_CHECK(offset % kPage == 0 && offset + bytes <= size_, offset, bytes);
  const auto after = extents_.lower_bound(offset);
  ATOLL_CHECK(after == extents_.end() || after->first >= offset + bytes, offset, bytes);
  if (after != extents_.begin()) {
    const auto [before, length] = *std::prev(after);
    ATOLL_CHECK(before + length <= offset, offset, bytes);
    if (before + length == offset) {
      remove(before, length);
      offset = before;
      bytes += length;
    }
  }
  if (const auto next = extents_.find(offset + bytes); next != extents_.end()) {
    const std::uint64_t length = next->second;
    remove(next->first, length);
    bytes += length;
  }
  add(offset, bytes);
}

std::uint64_t ArenaSpace::longest() const {
  for (std::size_t kind = kClasses; kind-- > 0;) {
    if (!some_.test(kind)) continue;
    std::uint64_t most = 0;
    for (const std::uint64_t offset : classes_[kind]) most = std::max(most, extents_.at(offset));
    return most;
  }
  return 0;
}

}  // namespace Atoll
