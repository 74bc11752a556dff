#include "runtime/node/worker_output.h"

#include <unistd.h>

#include <cerrno>

namespace Atoll {

bool WorkerOutput::pump(int fd) { return read_once(fd) != Read::kEnd; }

WorkerOutput::Read WorkerOutput::read_once(int fd) {
  char bytes[16 * 1024];
  const ssize_t n = ::read(fd, bytes, sizeof bytes);
  if (n < 0) return errno == EINTR ? Read::kSome : errno == EAGAIN ? Read::kNothing : Read::kEnd;
  take({bytes, static_cast<std::size_t>(n)});
  return n > 0 ? Read::kSome : Read::kEnd;
}

void WorkerOutput::take(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end == std::string_view::npos && line_.size() < kMaxLineBytes) return;
    write_line(line_);
    line_.clear();
  }
}

void WorkerOutput::drain(int fd) {
  while (read_once(fd) == Read::kSome) {
  }
  if (!line_.empty()) write_line(line_);
  line_.clear();
}

void WorkerOutput::write_line(std::string_view line) {
  std::string text = prefix_;
  text += line;
  text += '\n';
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t n = ::write(out_, left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // the launcher is gone, and nobody reads any more
    left.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace Atoll
