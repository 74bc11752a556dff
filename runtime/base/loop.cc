#include "runtime/base/loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/base/check.h"

namespace Atoll {

Result<Loop> Loop::create() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return errno_status("epoll_create1", errno);
  return Loop(std::move(epoll));
}

Status Loop::add(int fd, Callback on_readable) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = ++last_watch_;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return errno_status("epoll_ctl", errno);
  watches_[fd] = last_watch_;
  callbacks_[last_watch_] = std::move(on_readable);
  return Status();
}

void Loop::remove(int fd) {
  const auto watch = watches_.find(fd);
  if (watch == watches_.end()) return;
  callbacks_.erase(watch->second);
  watches_.erase(watch);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Loop::wait(Time now, Time deadline) {
  using std::chrono::milliseconds;
  // Rounded up, so that a deadline is never found too early and asked for again.
  const auto left = std::chrono::ceil<milliseconds>(std::max(deadline - now, Duration::zero()));
  const int timeout = static_cast<int>(std::min(left, milliseconds(60'000)).count());
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
  ATOLL_CHECK(count >= 0 || errno == EINTR, errno);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t watch = events[static_cast<std::size_t>(i)].data.u64;  // which lies where no reference may point
    const auto callback = callbacks_.find(watch);
    if (callback == callbacks_.end()) continue;  // removed by one before it
    const Callback call = callback->second;      // it may remove itself
    call();
  }
}

}  // namespace Atoll
