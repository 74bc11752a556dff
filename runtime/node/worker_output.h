#pragma once

#include <string>
#include <string_view>

namespace Atoll {

// One stream of a worker's output on its way to the daemon's own: whole lines,
// each with who said it in front, written with one write() a piece.
class WorkerOutput {
 public:
  // `prefix` such as "(n2 4711) "; `out` is where the lines go.
  WorkerOutput(std::string prefix, int out) : prefix_(std::move(prefix)), out_(out) {}

  // Reads what `fd` has without blocking. Returns false at its end.
  bool pump(int fd);
  // The worker has ended: takes all that is left in the pipe, and the last line.
  void drain(int fd);

 private:
  enum class Read { kSome, kNothing, kEnd };
  Read read_once(int fd);
  void take(std::string_view bytes);
  void write_line(std::string_view line);

  std::string prefix_;
  int out_;
  std::string line_;
};

// A line without an end is written in pieces of this many bytes.
inline constexpr std::size_t kMaxLineBytes = 4096;

}  // namespace Atoll
