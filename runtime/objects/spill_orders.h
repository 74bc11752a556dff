#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/wire/outbox.h"

namespace Atoll {

// What an ObjectStore wants of those who read and write its spill files (spill_files.h), and what they say. Files are
// numbered by the store; a copy's place in one is `at`, a whole number of pages.

struct SpillPiece {
  std::uint64_t copy = 0;
  std::uint64_t offset = 0;  // in the arena
  std::uint64_t at = 0;      // in the file
  std::uint64_t bytes = 0;
};

// Into a new file, one piece after the other. Nobody writes there meanwhile. Answered by SpillWritten for all pieces, in
// order and in one or several parts, or by SpillFailed for those that are left.
struct WriteSpill {
  std::uint64_t file = 0;
  std::vector<SpillPiece> pieces;
};
// Back into the arena, if it has this checksum. Answered by SpillRead.
struct ReadSpill {
  std::uint64_t file = 0;
  SpillPiece piece;
  std::uint64_t checksum = 0;
};
// Nothing of it is wanted any more. Also after SpillFailed, if there is a file at all.
struct DeleteSpill {
  std::uint64_t file = 0;
};
// Nothing of these parts of it is wanted any more: their space is given back where the file system can. Answered by
// SpillPunched.
struct PunchSpill {
  struct Part {
    std::uint64_t at = 0;
    std::uint64_t bytes = 0;  // whole pages
  };
  std::uint64_t file = 0;
  std::vector<Part> parts;
};
using SpillOrder = std::variant<WriteSpill, ReadSpill, DeleteSpill, PunchSpill>;

struct SpillWritten {
  std::uint64_t file = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> copies;  // and their checksums
};
struct SpillFailed {
  std::uint64_t file = 0;  // 0: none, but there is no folder left
  std::string why;        // folders and causes, for people
  bool for_good = false;  // there is no folder left that can be used
};
struct SpillRead {
  std::uint64_t file = 0;
  std::uint64_t copy = 0;
  std::string failure;  // "" if it is there; names the folder otherwise
};
struct SpillPunched {
  std::uint64_t file = 0;
  std::uint64_t bytes = 0;  // that it holds no more
};
using SpillEvent = std::variant<SpillWritten, SpillFailed, SpillRead, SpillPunched>;

// A copy that was fetched from another daemon.
struct Transfer {
  ProcessId from = ProcessId::kNone;
  std::uint64_t bytes = 0;
  Time begin{};  // when it was asked for
};

// What the logic of a node's objects wants done: messages, and these, of each file in order.
struct ObjectOutbox : Outbox {
  std::vector<SpillOrder> spills;
  std::vector<Transfer> transfers;  // nothing is to be done about them

  bool empty() const { return Outbox::empty() && spills.empty(); }
  void clear() { *this = ObjectOutbox(); }
};

}  // namespace Atoll
