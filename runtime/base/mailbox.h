#pragma once

#include <sys/eventfd.h>

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"

namespace Atoll {

// What any thread leaves for one other, which finds fd() readable in its loop.
template <typename T>
class Mailbox {
 public:
  int fd() const { return door_.get(); }

  void post(T item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = ::write(door_.get(), &one, sizeof one);
  }

  // All that was left, in order.
  std::vector<T> take() {
    const std::lock_guard lock(mutex_);
    std::uint64_t count;
    [[maybe_unused]] const ssize_t n = ::read(door_.get(), &count, sizeof count);
    return std::exchange(items_, {});
  }

 private:
  Fd door_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex_;
  std::vector<T> items_;
};

}  // namespace Atoll
