#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "runtime/base/line_writer.h"
#include "runtime/base/loop.h"
#include "runtime/logs/log_files.h"

namespace Atoll {

// What stands in front of a line of the worker `pid`: "(n2 4711) ", or "(Trainer n2 4711) " where it is known what it works
// as. Signs of the name that would make this hard to read are replaced.
std::string prefix_of(const std::string& node, pid_t pid, const std::string& name = "");

// One stream of a worker's output on its way to the daemon's own: whole lines,
// each with who said it in front; and, without that, to the worker's log file.
class WorkerOutput {
 public:
  // `prefix` as of prefix_of(); `out` is where the lines go, and `files`, unless it is null, where else, as `worker`'s.
  WorkerOutput(std::string prefix, LineWriter& out, LogFiles* files, ProcessId worker)
      : prefix_(std::move(prefix)), out_(out), files_(files), worker_(worker) {}

  // In front of what is read from now on.
  void rename(std::string prefix) { prefix_ = std::move(prefix); }

  // Reads what `fd` has without blocking. Returns false at its end.
  bool pump(int fd);
  // The worker has ended: takes all that is left in the pipe, and the last line.
  void drain(int fd);

 private:
  enum class Read { kSome, kNothing, kEnd };
  Read read_once(int fd);
  void take(std::string_view bytes);
  void write(std::string prefixed, std::string plain);

  std::string prefix_;
  LineWriter& out_;
  LogFiles* files_;
  ProcessId worker_;
  std::string line_;
};

// One stream of all workers' output, as `loop` finds it readable. While the writer or the files are full nothing is read:
// who prints more waits then, as it would for a reader of its own.
class OutputReader {
 public:
  // All outlive this. Whoever gives it files calls resume() when they have room again.
  OutputReader(Loop& loop, LineWriter& writer, LogFiles* files = nullptr) : loop_(loop), writer_(writer), files_(files) {}
  ~OutputReader() { loop_.remove(writer_.room_fd()); }
  OutputReader(const OutputReader&) = delete;
  OutputReader& operator=(const OutputReader&) = delete;
  Status open();

  // `fd` does not block, and stays the caller's until remove(). `worker` as the files know it.
  Status add(int fd, const std::string& prefix, ProcessId worker = ProcessId::kNone);
  void rename(int fd, const std::string& prefix);
  // Who wrote has ended: takes all that is left.
  void remove(int fd);
  // Reads on, where it had to wait.
  void resume();

 private:
  Status listen(int fd);
  void pump(int fd);
  bool is_full() const { return writer_.full() || (files_ != nullptr && files_->full()); }

  Loop& loop_;
  LineWriter& writer_;
  LogFiles* files_;
  std::map<int, WorkerOutput> streams_;
  std::set<int> paused_;
};

// A line without an end is written in pieces of this many bytes.
inline constexpr std::size_t kMaxLineBytes = 4096;

}  // namespace Atoll
