#include "launcher/output.h"

#include <unistd.h>

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

std::size_t Output::piece() const {
  const std::string_view left = std::string_view(pending_).substr(taken_);
  const std::size_t last = left.substr(0, kPiece).rfind('\n');
  if (last != std::string_view::npos) return last + 1;
  return left.size() < kPiece ? 0 : kPiece;
}

void Output::pump() {
  for (std::size_t bytes; (bytes = piece()) > 0;)
    if (!write_some(bytes, 0)) return;
}

void Output::flush() {
  while (!empty()) {
    const std::size_t bytes = piece();
    if (!write_some(bytes > 0 ? bytes : pending_.size() - taken_, -1)) return;
  }
}

bool Output::write_some(std::size_t bytes, int timeout_ms) {
  pollfd ready = {fd_, POLLOUT, 0};
  const int found = ::poll(&ready, 1, timeout_ms);
  if (found == 0) return false;
  if (found < 0) return errno == EINTR;
  const ssize_t written = ::write(fd_, pending_.data() + taken_, bytes);
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
