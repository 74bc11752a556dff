#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

namespace Atoll {

// What of an arena is taken: extents of whole pages, each given out and given back as one. Holds no memory of the arena.
//
// ARENA-1 extents that are taken never overlap, and lie within the arena
// ARENA-2 free neighbours are one extent: when all is given back, all can be taken at once
// ARENA-3 what is taken lies low, so that the pages that were touched once are used again
class ArenaSpace {
 public:
  static constexpr std::uint64_t kPage = 4096;

  // `size` in bytes; what is beyond its last whole page is not used.
  explicit ArenaSpace(std::uint64_t size);

  // The offset of `bytes` > 0 that are the caller's until give_back(), a multiple of kPage. None if no extent is that
  // long. Takes the lowest of those that fit but for some that fit only just.
  std::optional<std::uint64_t> take(std::uint64_t bytes);
  // What take() gave for `bytes`.
  void give_back(std::uint64_t offset, std::uint64_t bytes);

  std::uint64_t size() const { return size_; }
  std::uint64_t free() const { return free_bytes_; }
  // The longest that take() could give now, in bytes.
  std::uint64_t longest() const;
  // Where the highest extent that was ever taken ends: beyond it no page was touched.
  std::uint64_t reached() const { return reached_; }

  // The bytes that an extent of `bytes` takes.
  static std::uint64_t rounded(std::uint64_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

 private:
  // Free extents by length: four classes to each power of two of pages.
  static constexpr std::size_t kClasses = 4 * 52;
  // How many of the class that holds shorter ones too are looked at.
  static constexpr int kTries = 32;
  static std::size_t class_of(std::uint64_t bytes);
  void add(std::uint64_t offset, std::uint64_t bytes);
  void remove(std::uint64_t offset, std::uint64_t bytes);

  std::uint64_t size_;
  std::uint64_t free_bytes_ = 0;
  std::uint64_t reached_ = 0;
  std::map<std::uint64_t, std::uint64_t> extents_;  // free ones: bytes by offset
  std::array<std::set<std::uint64_t>, kClasses> classes_;  // their offsets
  std::bitset<kClasses> some_;  // classes that are not empty
};

}  // namespace Atoll
