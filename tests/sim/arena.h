#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include <map>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/objects/spill_orders.h"
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

// What was spilled of it, likewise.
class Disk {
 public:
  // What there is to say of it, if anything.
  std::optional<SpillEvent> carry_out(const SpillOrder& order, Arena& arena) {
    if (const auto* write = std::get_if<WriteSpill>(&order)) {
      SpillWritten written{write->file, {}};
      for (const SpillPiece& piece : write->pieces) {
        for (std::uint64_t from = 0; from < piece.bytes; from += kMostRead) parts_[{write->file, piece.at + from}] = arena.read(piece.offset + from);
        written.copies.emplace_back(piece.copy, piece.copy);
      }
      return written;
    }
    if (const auto* read = std::get_if<ReadSpill>(&order)) {
      const SpillPiece& piece = read->piece;
      ATOLL_CHECK(read->checksum == piece.copy);
      for (std::uint64_t from = 0; from < piece.bytes; from += kMostRead) arena.write(piece.offset + from, parts_.at({read->file, piece.at + from}));
      return SpillRead{read->file, piece.copy, ""};
    }
    if (const auto* punch = std::get_if<PunchSpill>(&order)) {
      SpillPunched punched{punch->file, 0};
      for (const PunchSpill::Part& part : punch->parts) {
        parts_.erase(parts_.lower_bound({punch->file, part.at}), parts_.lower_bound({punch->file, part.at + part.bytes}));
        punched.bytes += part.bytes;
      }
      return punched;
    }
    const std::uint64_t file = std::get<DeleteSpill>(order).file;
    parts_.erase(parts_.lower_bound({file, 0}), parts_.lower_bound({file + 1, 0}));
    return std::nullopt;
  }

 private:
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> parts_;  // by file and place
};

}  // namespace Atoll::sim
