#include "launcher/output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace Atoll {
namespace {

// A pipe that poll() calls writable takes this much at once (PIPE_BUF); a terminal and a file do, too.
constexpr std::size_t kPiece = 4096;

}  // namespace

void Output::push(std::string_view text) {
  if (gone_) return;
  pending_ += text;
  pump();
}

void Output::pump() {
  while (!empty() && write_some(0)) {
  }
}

void Output::flush() {
  while (!empty() && write_some(-1)) {
  }
}

bool Output::write_some(int timeout_ms) {
  pollfd ready = {fd_, POLLOUT, 0};
  const int found = ::poll(&ready, 1, timeout_ms);
  if (found == 0) return false;
  if (found < 0) return errno == EINTR;
  const ssize_t written = ::write(fd_, pending_.data() + taken_, std::min(kPiece, pending_.size() - taken_));
  if (written < 0 && (errno == EINTR || errno == EAGAIN)) return errno == EINTR;
  if (written < 0) {
    gone_ = true;
    taken_ = pending_.size();
  } else {
    taken_ += static_cast<std::size_t>(written);
  }
  if (empty() || taken_ > kFull) {
    pending_.erase(0, taken_);
    taken_ = 0;
  }
  return true;
}

}  // namespace Atoll
