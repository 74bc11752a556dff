#include "runtime/node/head_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/wire/card.h"

namespace Atoll {

Result<HeadProcess> HeadProcess::start(const std::string& cluster, const std::string& host, int nodes,
                                       const Secret& secret) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return errno_status("socketpair", errno);
  Fd ours(ends[0]), theirs(ends[1]);
  const std::string channel = std::to_string(theirs.get());
  const std::string count = std::to_string(nodes);
  const char* const arguments[] = {"atolld", "--head", cluster.c_str(), host.c_str(), count.c_str(), channel.c_str(), nullptr};
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return errno_status("fork", errno);
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::fcntl(theirs.get(), F_SETFD, 0);
    // Standard input is the daemon's channel to the launcher, not the head's.
    const int null = ::open("/dev/null", O_RDONLY);
    if (null >= 0) ::dup2(null, 0);
    ::dup2(2, 1);
    ::execv("/proc/self/exe", const_cast<char* const*>(arguments));
    ::_exit(127);
  }
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  HeadProcess head(pid, std::move(pidfd), std::move(ours));
  const std::string hex = secret.to_hex();
  if (::send(head.channel_.get(), hex.data(), hex.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(hex.size()))
    return errno_status("the head's channel", errno);
  return head;
}

Result<Contact> HeadProcess::contact() {
  std::string bytes(kMaxCardBytes, '\0');
  const ssize_t n = ::recv(channel_.get(), bytes.data(), bytes.size(), 0);
  if (n <= 0) return Status(Code::kUnavailable, "the head process ended before it was ready; its log lines above say why");
  bytes.resize(static_cast<std::size_t>(n));
  Result<Card> card = decode_card(bytes);
  if (!card.ok()) return card.status();
  return card->daemon;
}

void HeadProcess::stop() { channel_.reset(); }

HeadProcess::~HeadProcess() {
  if (!pidfd_.valid()) return;
  stop();
  pollfd ended{pidfd_.get(), POLLIN, 0};
  if (::poll(&ended, 1, 1000) == 0) ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace Atoll
