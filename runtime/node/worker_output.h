#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "runtime/base/line_writer.h"
#include "runtime/base/loop.h"

namespace Atoll {

// What stands in front of a line of the worker `pid`: "(n2 4711) ".
std::string prefix_of(const std::string& node, pid_t pid);

// One stream of a worker's output on its way to the daemon's own: whole lines,
// each with who said it in front.
class WorkerOutput {
 public:
  // `prefix` as of prefix_of(); `out` is where the lines go.
  WorkerOutput(std::string prefix, LineWriter& out) : prefix_(std::move(prefix)), out_(out) {}

  // Reads what `fd` has without blocking. Returns false at its end.
  bool pump(int fd);
  // The worker has ended: takes all that is left in the pipe, and the last line.
  void drain(int fd);

 private:
  enum class Read { kSome, kNothing, kEnd };
  Read read_once(int fd);
  void take(std::string_view bytes);

  std::string prefix_;
  LineWriter& out_;
  std::string line_;
};

// One stream of all workers' output, as `loop` finds it readable. While the writer is full nothing is read: who prints
// more waits then, as it would for a reader of its own.
class OutputReader {
 public:
  // Both outlive this.
  OutputReader(Loop& loop, LineWriter& writer) : loop_(loop), writer_(writer) {}
  ~OutputReader() { loop_.remove(writer_.room_fd()); }
  OutputReader(const OutputReader&) = delete;
  OutputReader& operator=(const OutputReader&) = delete;
  Status open();

  // `fd` does not block, and stays the caller's until remove().
  Status add(int fd, const std::string& prefix);
  // Who wrote has ended: takes all that is left.
  void remove(int fd);

 private:
  Status listen(int fd);
  void pump(int fd);
  void resume();

  Loop& loop_;
  LineWriter& writer_;
  std::map<int, WorkerOutput> streams_;
  std::set<int> paused_;
};

// A line without an end is written in pieces of this many bytes.
inline constexpr std::size_t kMaxLineBytes = 4096;

}  // namespace Atoll
