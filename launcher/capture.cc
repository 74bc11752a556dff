#include "launcher/capture.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "launcher/child.h"
#include "runtime/base/fd.h"
#include "runtime/session/process_identity.h"

namespace Atoll {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;

bool wait_readable(int fd, Time deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now()).count();
  pollfd ready = {fd, POLLIN, 0};
  return ::poll(&ready, 1, static_cast<int>(std::max<long>(left, 0))) > 0;
}

// To the end of the stream; false when `deadline` comes first.
bool read_all(int fd, Time deadline, std::string& text) {
  char bytes[4096];
  while (wait_readable(fd, deadline)) {
    const ssize_t size = ::read(fd, bytes, sizeof bytes);
    if (size <= 0) return true;
    if (text.size() < kMaxBytes) text.append(bytes, static_cast<std::size_t>(size));
  }
  return false;
}

}  // namespace

Result<std::string> capture(const std::vector<std::string>& argv, const Environment& environment, Duration limit) {
  const Time deadline = now() + limit;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_status("cannot make a pipe", errno);
  Fd ours(ends[0]), theirs(ends[1]);
  const Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Result<Child> child = Child::start({.argv = argv,
                                      .environment = environment,
                                      .in = nothing.get(),
                                      .out = theirs.get(),
                                      .err = theirs.get(),
                                      .death_signal = SIGKILL});
  if (!child.ok()) return child.status();
  theirs.reset();
  const Fd process = open_process(child->pid());
  std::string text;
  const bool ended = read_all(ours.get(), deadline, text) && wait_readable(process.get(), deadline);
  if (!ended) child->signal_group(SIGKILL);
  wait_readable(process.get(), now() + std::chrono::seconds(1));
  child->look();
  if (!ended)
    return Status(Code::kTimedOut, argv.front() + " did not end within " + std::to_string(seconds(limit)) + " s");
  return text;
}

}  // namespace Atoll
