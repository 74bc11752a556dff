#include "runtime/node/worker_output.h"

#include <unistd.h>

#include <cerrno>

#include "runtime/base/log.h"

namespace Atoll {

std::string prefix_of(const std::string& node, pid_t pid) { return "(" + node + " " + std::to_string(pid) + ") "; }

bool WorkerOutput::pump(int fd) { return read_once(fd) != Read::kEnd; }

WorkerOutput::Read WorkerOutput::read_once(int fd) {
  char bytes[16 * 1024];
  const ssize_t n = ::read(fd, bytes, sizeof bytes);
  if (n < 0) return errno == EINTR ? Read::kSome : errno == EAGAIN ? Read::kNothing : Read::kEnd;
  take({bytes, static_cast<std::size_t>(n)});
  return n > 0 ? Read::kSome : Read::kEnd;
}

void WorkerOutput::take(std::string_view bytes) {
  std::string lines;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end == std::string_view::npos && line_.size() < kMaxLineBytes) break;
    lines += prefix_ + line_ + '\n';
    line_.clear();
  }
  if (!lines.empty()) out_.write(std::move(lines));
}

void WorkerOutput::drain(int fd) {
  while (read_once(fd) == Read::kSome) {
  }
  if (!line_.empty()) out_.write(prefix_ + line_ + '\n');
  line_.clear();
}

Status OutputReader::open() {
  return loop_.add(writer_.room_fd(), [this] { resume(); });
}

Status OutputReader::add(int fd, const std::string& prefix) {
  streams_.emplace(fd, WorkerOutput(prefix, writer_));
  return listen(fd);
}

Status OutputReader::listen(int fd) {
  return loop_.add(fd, [this, fd] { pump(fd); });
}

void OutputReader::pump(int fd) {
  if (writer_.full()) {
    loop_.remove(fd);
    paused_.insert(fd);
  } else if (!streams_.at(fd).pump(fd)) {
    loop_.remove(fd);
  }
}

void OutputReader::resume() {
  writer_.take_room();
  for (const int fd : std::exchange(paused_, {}))
    if (const Status status = listen(fd); !status.ok()) log::error("a worker's output is not read: {}", status.message());
}

void OutputReader::remove(int fd) {
  loop_.remove(fd);
  paused_.erase(fd);
  const auto stream = streams_.find(fd);
  if (stream == streams_.end()) return;
  stream->second.drain(fd);
  streams_.erase(stream);
}

}  // namespace Atoll
