#include "runtime/node/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "runtime/wire/munge.h"

namespace Atoll {
namespace {

// What the child needs, made before the fork: it must not allocate much.
struct Image {
  std::vector<std::string> entries;
  std::vector<char*> environment;

  explicit Image(const WorkerProcess::Start& start) {
    for (const auto& [name, value] : start.environment) entries.push_back(name + "=" + value);
    for (std::string& entry : entries) environment.push_back(entry.data());
    environment.push_back(nullptr);
  }
};

[[noreturn]] void run_child(const WorkerProcess::Start& start, const Image& image, pid_t parent, int given, int out,
                            int err) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  constexpr int kSecretFd = WorkerProcess::kSecretFd;
  ::dup2(given, kSecretFd);  // without close-on-exec; the rest has it, or is closed here
  ::fcntl(kSecretFd, F_SETFD, 0);
  ::syscall(SYS_close_range, kSecretFd + 1, ~0U, 0);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGTERM);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  if (start.binder != nullptr)
    if (const Status status = start.binder->apply(start.binding); !status.ok())
      std::fprintf(stderr, "atolld: the worker is not bound: %s\n", status.message().c_str());
  [[maybe_unused]] const Status cores = allow_memory_in_core_files();
  if (::chdir(start.directory.c_str()) != 0 && ::chdir("/") == 0)
    std::fprintf(stderr, "atolld: the driver's directory %s is not on this node; the worker runs in /\n",
                 start.directory.c_str());
  char* const arguments[] = {const_cast<char*>(start.program.c_str()), nullptr};
  ::execve(start.program.c_str(), arguments, image.environment.data());
  std::fprintf(stderr, "atolld: cannot execute %s: %s\n", start.program.c_str(), std::strerror(errno));
  ::_exit(127);
}

}  // namespace

Result<Pipe> Pipe::create() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_status("pipe2", errno);
  Pipe pipe;
  pipe.read = Fd(ends[0]);
  pipe.write = Fd(ends[1]);
  return pipe;
}

Status write_secret(const Fd& pipe, const Secret& secret) {
  const std::string hex = secret.to_hex();
  if (::write(pipe.get(), hex.data(), hex.size()) == static_cast<ssize_t>(hex.size())) return Status();
  return errno_status("the pipe to a worker", errno);
}

Result<WorkerProcess> WorkerProcess::start(const Start& start) {
  Result<Pipe> secret = Pipe::create();
  if (!secret.ok()) return secret.status();
  ATOLL_RETURN_IF_ERROR(write_secret(secret->write, start.secret));
  return start_with(start, secret->read);
}

Result<WorkerProcess> WorkerProcess::start_with(const Start& start, const Fd& given) {
  Result<Pipe> out = Pipe::create(), err = Pipe::create();
  for (const Result<Pipe>* pipe : {&out, &err})
    if (!pipe->ok()) return pipe->status();
  const Image image(start);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return errno_status("fork", errno);
  if (pid == 0) run_child(start, image, parent, given.get(), out->write.get(), err->write.get());
  return adopt(pid, std::move(out->read), std::move(err->read));
}

WorkerProcess WorkerProcess::adopt(pid_t pid, Fd out, Fd err) {
  ::setpgid(pid, pid);  // also here: whichever comes first
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  ::fcntl(out.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(err.get(), F_SETFL, O_NONBLOCK);
  return WorkerProcess(pid, std::move(pidfd), std::move(out), std::move(err));
}

void WorkerProcess::signal(int number) const {
  if (!pidfd_.valid()) return;
  ::kill(-pid_, number);
  ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

std::string WorkerProcess::reap() {
  int status = 0;
  ::kill(-pid_, SIGKILL);  // what it left behind in its group
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pidfd_.reset();
  if (WIFSIGNALED(status))
    return "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
  return "exited with status " + std::to_string(WEXITSTATUS(status));
}

WorkerProcess::~WorkerProcess() {
  if (!pidfd_.valid()) return;
  kill();
  reap();
}

}  // namespace Atoll
