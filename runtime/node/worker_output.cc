#include "runtime/node/worker_output.h"

#include <unistd.h>

#include <cerrno>

#include "runtime/base/log.h"

namespace Atoll {

std::string prefix_of(const std::string& node, pid_t pid, const std::string& name) {
  constexpr std::size_t kMostName = 40;
  std::string prefix = "(";
  for (const char sign : name.substr(0, kMostName)) {
    const bool is_plain = static_cast<unsigned char>(sign) > ' ' && sign != '(' && sign != ')' && sign != 0x7f;
    prefix += is_plain ? sign : '_';
  }
  return prefix + (name.empty() ? "" : " ") + node + " " + std::to_string(pid) + ") ";
}

bool WorkerOutput::pump(int fd) { return read_once(fd) != Read::kEnd; }

WorkerOutput::Read WorkerOutput::read_once(int fd) {
  char bytes[16 * 1024];
  const ssize_t n = ::read(fd, bytes, sizeof bytes);
  if (n < 0) return errno == EINTR ? Read::kSome : errno == EAGAIN ? Read::kNothing : Read::kEnd;
  take({bytes, static_cast<std::size_t>(n)});
  return n > 0 ? Read::kSome : Read::kEnd;
}

void WorkerOutput::take(std::string_view bytes) {
  std::string prefixed, plain;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end == std::string_view::npos && line_.size() < kMaxLineBytes) break;
    line_ += '\n';
    prefixed.append(prefix_).append(line_);
    if (files_ != nullptr) plain += line_;
    line_.clear();
  }
  if (!prefixed.empty()) write(std::move(prefixed), std::move(plain));
}

void WorkerOutput::write(std::string prefixed, std::string plain) {
  out_.write(std::move(prefixed));
  if (files_ != nullptr && worker_ != ProcessId::kNone) files_->write(worker_, std::move(plain));
}

void WorkerOutput::drain(int fd) {
  while (read_once(fd) == Read::kSome) {
  }
  if (!line_.empty()) write(prefix_ + line_ + '\n', line_ + '\n');
  line_.clear();
}

Status OutputReader::open() {
  return loop_.add(writer_.room_fd(), [this] {
    writer_.take_room();
    resume();
  });
}

Status OutputReader::add(int fd, const std::string& prefix, ProcessId worker) {
  streams_.emplace(fd, WorkerOutput(prefix, writer_, files_, worker));
  return listen(fd);
}

void OutputReader::rename(int fd, const std::string& prefix) {
  if (const auto stream = streams_.find(fd); stream != streams_.end()) stream->second.rename(prefix);
}

Status OutputReader::listen(int fd) {
  return loop_.add(fd, [this, fd] { pump(fd); });
}

void OutputReader::pump(int fd) {
  if (is_full()) {
    loop_.remove(fd);
    paused_.insert(fd);
  } else if (!streams_.at(fd).pump(fd)) {
    loop_.remove(fd);
  }
}

void OutputReader::resume() {
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
