#pragma once

#include <poll.h>

#include <string>
#include <string_view>
#include <vector>

namespace Atoll {

// Writes to a descriptor that others share, so that it cannot be made non-blocking, without ever being blocked by a
// reader that is slow: keeps what does not fit, and the beginning of a line until its end is there. Lines of up to 4 KiB
// come out whole, whatever others write between them. When the reader is gone, drops what comes.
class Output {
 public:
  explicit Output(int fd) : fd_(fd) {}

  void push(std::string_view text);
  // Writes what can be written now.
  void pump();
  // Blocks, until all is written or the reader is gone.
  void flush();

  bool empty() const { return pending_.size() == taken_; }
  // More should not be pushed: the source must wait.
  bool full() const { return pending_.size() - taken_ > kFull; }
  void add_to(std::vector<pollfd>& fds) const {
    if (piece() > 0) fds.push_back({fd_, POLLOUT, 0});
  }

 private:
  static constexpr std::size_t kFull = 1 << 20;
  // How much is written next: whole lines, if there is one.
  std::size_t piece() const;
  bool write_some(std::size_t bytes, int timeout_ms);

  int fd_;
  std::string pending_;
  std::size_t taken_ = 0;
  bool gone_ = false;
};

}  // namespace Atoll
