#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/wire/log_messages.h"

namespace Atoll {

// Which bytes of the output of a node's processes lie in which files, and which files have to go; without I/O. The
// output of a process is cut into pieces, a file each, and forgotten from its beginning.
//
// LOG-1 what is kept of a process's output is its latest bytes, without gaps
// LOG-2 of one process no more than Limits::process bytes are kept, of all together no more than Limits::node, once
// what
//       append() says is carried out
// LOG-3 room is made of the oldest piece that is not written to any more; only if there is none, of the largest that is
// LOG-4 of processes that have ended those with something to read stay listed, kMostEnded at most
class LogBook {
 public:
  struct Limits {
    std::uint64_t process = kLogBytes;
    std::uint64_t node = 16 * kLogBytes;
  };
  static constexpr std::uint64_t kLogBytes = 16 << 20;
  static constexpr std::size_t kMostEnded = 4'096;
  static constexpr std::uint64_t kPieces = 4;  // of one process

  // `node` stands in the names of files.
  LogBook(std::string node, Limits limits) : node_(std::move(node)), limits_(limits) {}

  // `record` has no positions yet.
  void begin(LogRecord record);
  // What the process works as from now on.
  void rename(ProcessId process, const std::string& name, const ActorId& actor);
  // Nothing is added any more. These files are to be deleted.
  std::vector<std::string> end(ProcessId process);

  // To which file the beginning of `text` goes, how much of it, and the files that are to be deleted then. A piece ends
  // with a line where it can.
  struct Append {
    std::string file;  // "" if there is no such process: the bytes go nowhere
    std::uint64_t bytes = 0;
    std::vector<std::string> removed;
  };
  Append append(ProcessId process, std::string_view text);

  // Where the bytes from position `from` on lie: some of them, none if there are none yet.
  struct Place {
    std::string file;
    std::uint64_t offset = 0;  // in it
    std::uint64_t from = 0;
    std::uint64_t bytes = 0;
  };
  std::optional<Place> find(ProcessId process, std::uint64_t from) const;

  std::vector<LogRecord> list() const;
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Piece {
    std::uint64_t opened = 0;  // the how manieth of all
    std::uint64_t number = 0;  // of its process, from 1
    std::uint64_t begin = 0;   // position
    std::uint64_t bytes = 0;
  };
  struct Log {
    LogRecord record;
    std::deque<Piece> pieces;
    std::uint64_t next = 1;
    bool is_closed = true;  // the last piece is not written to any more
    std::uint64_t begun = 0;
  };

  std::string file_of(const Log& log, const Piece& piece) const;
  void drop_first(Log& log, std::vector<std::string>& removed);
  void make_room(std::vector<std::string>& removed);

  std::string node_;
  Limits limits_;
  std::map<ProcessId, Log> logs_;
  std::deque<ProcessId> ended_;  // the longest ended first; some are forgotten
  std::uint64_t opened_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace Atoll
