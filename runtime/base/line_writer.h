#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/base/fd.h"

namespace Atoll {

// Lines on their way to a descriptor that others share, so that it cannot be made non-blocking: a thread writes them,
// and a reader that is slow, or has stopped, holds up nobody but that thread. Any thread may call every method.
//
// WRITER-1  Lines come out in the order they were taken, and each that fits a pipe's atomic write (4 KiB) in one piece.
// WRITER-2  Nobody waits to have a line taken. Beyond kFull bytes sources should wait by themselves until room_fd() says
//           that less than half of that is left; offer() drops what comes meanwhile, and one line then says how many.
// WRITER-3  When the reader is gone, lines are dropped.
class LineWriter {
 public:
  static constexpr std::size_t kFull = 1 << 20;

  // `fd` stays the caller's and open until the process ends: a write may then still be under way.
  explicit LineWriter(int fd);
  // Drops what is not written yet.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // `lines` end with '\n'. Takes them even when it is full.
  void write(std::string lines);
  // The same, but not when it is full: for what nobody should ever wait for.
  void offer(std::string line);

  bool full() const;
  // Readable once it was full and has room again, until take_room().
  int room_fd() const { return room_.get(); }
  void take_room();

  // Waits until all is written or the reader is gone.
  void flush();

 private:
  struct State;

  std::shared_ptr<State> state_;  // the thread's, too: it may outlive this in the middle of a write
  Fd room_;
};

}  // namespace Atoll
