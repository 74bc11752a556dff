#include "runtime/base/line_writer.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <thread>

namespace Atoll {
namespace {

constexpr std::size_t kAtomic = 4096;  // of a pipe; PIPE_BUF

// As many whole lines as a pipe takes at once; a longer one alone.
std::size_t piece_of(std::string_view text) {
  if (text.size() <= kAtomic) return text.size();
  const std::size_t last = text.rfind('\n', kAtomic - 1);
  if (last != std::string_view::npos) return last + 1;
  return std::min(text.find('\n', kAtomic), text.size() - 1) + 1;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

struct LineWriter::State {
  int fd = -1;
  Fd room;  // another descriptor of the owner's, which may be gone first
  std::mutex mutex;
  std::condition_variable changed;
  std::string waiting;
  std::size_t in_hand = 0;  // bytes that the thread has taken and not written
  std::uint64_t dropped = 0;
  bool was_full = false;
  bool started = false;
  bool gone = false;  // the reader, or the owner

  std::size_t size() const { return waiting.size() + in_hand; }
  void take(std::string text, const std::shared_ptr<State>& self);
  void run();
  void tell_of_room();
};

LineWriter::LineWriter(int fd) : state_(std::make_shared<State>()), room_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  state_->fd = fd;
  state_->room.reset(::dup(room_.get()));
}

LineWriter::~LineWriter() {
  const std::lock_guard lock(state_->mutex);
  state_->gone = true;
  state_->changed.notify_all();
}

void LineWriter::State::take(std::string text, const std::shared_ptr<State>& self) {
  if (gone) return;
  if (const auto lost = std::exchange(dropped, 0); lost > 0)
    waiting += "(" + std::to_string(lost) + " log lines were lost here: their reader was too slow)\n";
  waiting += text;
  if (size() > kFull) was_full = true;
  if (!std::exchange(started, true)) std::thread([self] { self->run(); }).detach();
  changed.notify_all();
}

void LineWriter::write(std::string lines) {
  const std::lock_guard lock(state_->mutex);
  state_->take(std::move(lines), state_);
}

void LineWriter::offer(std::string line) {
  const std::lock_guard lock(state_->mutex);
  if (state_->size() > kFull)
    ++state_->dropped;
  else
    state_->take(std::move(line), state_);
}

bool LineWriter::full() const {
  const std::lock_guard lock(state_->mutex);
  return state_->size() > kFull;
}

void LineWriter::take_room() {
  std::uint64_t count;
  [[maybe_unused]] const ssize_t n = ::read(room_.get(), &count, sizeof count);
}

void LineWriter::flush() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [this] { return state_->gone || state_->size() == 0; });
}

void LineWriter::State::tell_of_room() {
  if (!was_full || (!gone && size() >= kFull / 2)) return;
  was_full = false;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(room.get(), &one, sizeof one);
}

void LineWriter::State::run() {
  ::pthread_setname_np(::pthread_self(), "writer");
  sigset_t signals;  // a reader that goes away must end nobody, and what ends the process is another thread's matter
  sigfillset(&signals);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [this] { return gone || !waiting.empty(); });
    if (gone) return;
    const std::string taken = std::exchange(waiting, std::string());
    in_hand = taken.size();
    for (std::string_view left = taken; !left.empty() && !gone;) {
      const std::string_view piece = left.substr(0, piece_of(left));
      lock.unlock();
      const bool written = write_all(fd, piece);
      lock.lock();
      left.remove_prefix(piece.size());
      in_hand = left.size();
      if (!written) gone = true;
      tell_of_room();
    }
    if (gone) waiting.clear();
    in_hand = 0;
    changed.notify_all();
  }
}

}  // namespace Atoll
