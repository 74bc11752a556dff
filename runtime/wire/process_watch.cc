#include "runtime/wire/process_watch.h"

#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "runtime/base/check.h"
#include "runtime/base/read_file.h"

namespace Atoll {
namespace {

constexpr std::uint64_t kAlso = 0;  // no process has this id

// Field 22 of /proc/PID/stat (proc(5)), 0 if there is no such process.
std::uint64_t start_time_of(std::int64_t pid) {
  const std::string line = read_file("/proc/" + std::to_string(pid) + "/stat").value_or("");
  // The name, field 2, is in parentheses and may hold anything.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream rest(line.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) rest >> skipped;
  std::uint64_t start = 0;
  rest >> start;
  return start;
}

}  // namespace

Result<ProcessStamp> ProcessStamp::of_this_process() {
  ProcessStamp stamp{};
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  boot.read(stamp.boot_id, sizeof stamp.boot_id);
  struct stat space;
  if (!boot || stat("/proc/self/ns/pid", &space) != 0)
    return errno_status("reading /proc to name this process", errno);
  stamp.pid_namespace = space.st_ino;
  stamp.pid = getpid();
  stamp.start_time = start_time_of(stamp.pid);
  return stamp;
}

bool ProcessStamp::is_beside(const ProcessStamp& here) const {
  return std::memcmp(boot_id, here.boot_id, sizeof boot_id) == 0 && pid_namespace == here.pid_namespace;
}

bool ProcessStamp::is_pid_reused() const {
  const std::uint64_t start = start_time_of(pid);
  return start != 0 && start != start_time;
}

Result<ProcessWatch> ProcessWatch::create(std::initializer_list<int> also) {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return errno_status("epoll_create1", errno);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kAlso;
  for (const int fd : also)
    if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) return errno_status("epoll_ctl", errno);
  return ProcessWatch(std::move(epoll));
}

Status ProcessWatch::watch(ProcessId who, const ProcessStamp& stamp) {
  const auto pid = static_cast<pid_t>(stamp.pid);
  Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process.valid() && errno != ESRCH) return errno_status("pidfd_open", errno);
  // The descriptor holds the pid, so that the time read now is its time.
  if (!process.valid() || start_time_of(pid) != stamp.start_time)
    return Status(Code::kNotFound, "process " + to_string(who) + ", pid " + std::to_string(pid) + ", has ended");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = static_cast<std::uint64_t>(who);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, process.get(), &event) != 0) return errno_status("epoll_ctl", errno);
  watched_[who] = std::move(process);
  return Status();
}

void ProcessWatch::forget(ProcessId who) { watched_.erase(who); }

void ProcessWatch::listen(int also, bool on) {
  epoll_event event{};
  event.events = on ? EPOLLIN : 0u;
  event.data.u64 = kAlso;
  const int changed = epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, also, &event);
  ATOLL_CHECK(changed == 0, errno);
}

void ProcessWatch::poll(const std::function<void(ProcessId)>& ended) {
  std::array<epoll_event, 64> events;
  const int count = epoll_wait(epoll_.get(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    const ProcessId who{events[static_cast<std::size_t>(i)].data.u64};
    if (static_cast<std::uint64_t>(who) != kAlso && watched_.erase(who) != 0) ended(who);
  }
}

}  // namespace Atoll
