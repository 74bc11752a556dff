#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "runtime/wire/messages.h"

namespace Atoll::sim {

// A node's object memory: of each part of an object what it holds, as a number that only that part of that object has.
class Arena {
 public:
  void write(ObjectId object, std::uint64_t offset, std::uint64_t bytes) {
    for (std::uint64_t from = 0; from < bytes; from += kMostRead) parts_[offset + from] = stamp(object, from);
  }
  bool holds(ObjectId object, std::uint64_t offset, std::uint64_t bytes) const {
    for (std::uint64_t from = 0; from < bytes; from += kMostRead)
      if (read(offset + from) != stamp(object, from)) return false;
    return true;
  }
  std::uint64_t read(std::uint64_t offset) const {
    const auto part = parts_.find(offset);
    return part == parts_.end() ? 0 : part->second;
  }
  void write(std::uint64_t offset, std::uint64_t part) { parts_[offset] = part; }

 private:
  static std::uint64_t stamp(ObjectId object, std::uint64_t from) {
    return std::hash<ObjectId>()(object) * 0x9e3779b97f4a7c15 + from / kMostRead + 1;
  }
  std::unordered_map<std::uint64_t, std::uint64_t> parts_;  // by offset
};

}  // namespace Atoll::sim
