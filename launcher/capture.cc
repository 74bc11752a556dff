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
constexpr Duration kLastWords = std::chrono::seconds(2);

bool wait_readable(int fd, Time deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now()).count();
  pollfd ready = {fd, POLLIN, 0};
  return ::poll(&ready, 1, static_cast<int>(std::max<long>(left, 0))) > 0;
}

// To the end of the stream; false when `deadline` comes first.
bool read_all(int fd, Time deadline, std::size_t most, std::string& text) {
  char bytes[4096];
  while (wait_readable(fd, deadline)) {
    const ssize_t size = ::read(fd, bytes, sizeof bytes);
    if (size <= 0) return true;
    if (text.size() < most) text.append(bytes, static_cast<std::size_t>(size));
  }
  return false;
}

}  // namespace

Result<Captured> capture_all(const std::vector<std::string>& argv, const Environment& environment, Duration limit,
                             std::size_t most) {
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
  Captured said;
  said.in_time = read_all(ours.get(), deadline, most, said.text) && wait_readable(process.get(), deadline);
  // srun takes its job with it only if it is asked to end.
  if (!said.in_time) child->signal_group(SIGTERM);
  if (!said.in_time && !wait_readable(process.get(), now() + kLastWords)) child->signal_group(SIGKILL);
  wait_readable(process.get(), now() + std::chrono::seconds(1));
  child->look();
  return said;
}

Result<std::string> capture(const std::vector<std::string>& argv, const Environment& environment, Duration limit) {
  Result<Captured> said = capture_all(argv, environment, limit, kMaxBytes);
  if (!said.ok()) return said.status();
  if (said->in_time) return std::move(said->text);
  return Status(Code::kTimedOut, argv.front() + " did not end within " + std::to_string(seconds(limit)) + " s");
}

}  // namespace Atoll
