#include "launcher/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "launcher/signals.h"
#include "runtime/base/fd.h"

namespace Atoll {
namespace {

// Pointers into `words`, ended by a null, as exec wants them.
std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> to_words(const Environment& environment) {
  std::vector<std::string> words;
  for (const auto& [name, value] : environment) words.push_back(name + "=" + value);
  return words;
}

// dup2() onto 0, 1, 2 from descriptors that may themselves be among them.
bool place_standard_fds(int in, int out, int err) {
  const int from[3] = {::fcntl(in, F_DUPFD_CLOEXEC, 3), ::fcntl(out, F_DUPFD_CLOEXEC, 3),
                       ::fcntl(err, F_DUPFD_CLOEXEC, 3)};
  for (int to = 0; to < 3; ++to)
    if (from[to] < 0 || ::dup2(from[to], to) < 0) return false;
  return true;
}

struct Prepared {
  std::vector<char*> argv, envp;
  const ChildOptions* options;
  pid_t parent;
};

// In the child, between fork and exec.
[[noreturn]] void become(const Prepared& prepared, int complaint) {
  const ChildOptions& options = *prepared.options;
  ::setpgid(0, 0);
  if (options.death_signal != 0) ::prctl(PR_SET_PDEATHSIG, options.death_signal);
  const bool orphaned = ::getppid() != prepared.parent;  // it died before the prctl
  if (!orphaned && place_standard_fds(options.in, options.out, options.err)) {
    Signals::restore_for_exec();
    ::execvpe(prepared.argv[0], prepared.argv.data(), prepared.envp.data());
  }
  const int why = orphaned ? ESRCH : errno;
  (void)!::write(complaint, &why, sizeof why);
  ::_exit(127);
}

}  // namespace

std::string Ending::to_string() const {
  if (signal == 0) return "exit code " + std::to_string(code);
  return "signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

Result<Child> Child::start(const ChildOptions& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_status("cannot make a pipe", errno);
  Fd heard(ends[0]), complaint(ends[1]);
  std::vector<std::string> argv = options.argv, environment = to_words(options.environment);
  const Prepared prepared = {pointers_to(argv), pointers_to(environment), &options, ::getpid()};
  const pid_t pid = ::fork();
  if (pid < 0) return errno_status("cannot start " + options.argv[0], errno);
  if (pid == 0) become(prepared, complaint.get());
  ::setpgid(pid, pid);  // as the child does: whoever comes first
  complaint.reset();
  int why = 0;
  ssize_t size;
  do size = ::read(heard.get(), &why, sizeof why);
  while (size < 0 && errno == EINTR);
  if (size != sizeof why) return Child(pid);
  ::waitpid(pid, nullptr, 0);
  return errno_status("cannot run " + options.argv[0], why);
}

int Child::look() {
  int status = 0;
  if (!running() || ::waitpid(pid_, &status, WNOHANG | WUNTRACED) != pid_) return 0;
  if (WIFSTOPPED(status)) return WSTOPSIG(status);
  ending_ = WIFSIGNALED(status) ? Ending{.signal = WTERMSIG(status)} : Ending{.code = WEXITSTATUS(status)};
  return 0;
}

void Child::signal_group(int signal) const {
  if (pid_ > 0) ::kill(-pid_, signal);
}

void Child::signal(int signal) const {
  if (running()) ::kill(pid_, signal);
}

}  // namespace Atoll
