#include "runtime/client/command_process.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace Atoll {
namespace {

constexpr std::size_t kMostWords = 120;  // characters

bool is_executable(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::string in_directory(const std::string& directory, const std::string& path) {
  return path.starts_with('/') || directory.empty() ? path : directory + "/" + path;
}

Result<std::string> find_in_path(const std::string& word, const std::string& directory, const std::string& path) {
  bool is_there = false;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string folder = path.substr(begin, end - begin);
    const std::string file = in_directory(directory, (folder.empty() ? "." : folder) + "/" + word);
    if (is_executable(file)) return file;
    is_there = is_there || ::access(file.c_str(), F_OK) == 0;
    begin = end + 1;
  }
  return Status(Code::kNotFound, is_there ? "no file called '" + word + "' in PATH (" + path + ") may be executed"
                                          : "there is no '" + word + "' in PATH (" + path + ")");
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What the child needs, made before the fork: other threads may hold the allocator's lock then.
struct Image {
  std::string program;
  std::string directory;
  std::vector<std::string> words, entries;
  std::vector<char*> arguments, environment;
  bool silent;

  Image(std::string file, const CommandProcess::Start& start)
      : program(std::move(file)), directory(start.directory), words(start.words), silent(start.silent) {
    for (const auto& [name, value] : start.environment) entries.push_back(name + "=" + value);
    arguments = pointers_to(words);
    environment = pointers_to(entries);
  }
};

// What went wrong in the child before its program began.
struct Failure {
  int at_directory = 0;
  int error = 0;
};

[[noreturn]] void run_child(const Image& image, pid_t parent, int report) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, 0);
  if (image.silent) {
    ::dup2(null, 1);
    ::dup2(null, 2);
  }
  constexpr int kReport = 3;
  ::dup2(report, kReport);
  ::fcntl(kReport, F_SETFD, FD_CLOEXEC);
  ::syscall(SYS_close_range, kReport + 1, ~0U, 0);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  Failure failure;
  if (!image.directory.empty() && ::chdir(image.directory.c_str()) != 0)
    failure.at_directory = 1;
  else
    ::execve(image.program.c_str(), image.arguments.data(), image.environment.data());
  failure.error = errno;
  [[maybe_unused]] const ssize_t n = ::write(kReport, &failure, sizeof failure);
  ::_exit(127);
}

// No handler of ours runs in the child, and no signal is lost there.
pid_t fork_with_signals_blocked(const Image& image, int report) {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) run_child(image, parent, report);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

CommandProcess::End end_of(int status) {
  if (!WIFSIGNALED(status)) return {WEXITSTATUS(status), "exited with status " + std::to_string(WEXITSTATUS(status))};
  const int number = WTERMSIG(status);
  return {128 + number, "was killed by signal " + std::to_string(number) + " (" + ::strsignal(number) + ")"};
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

Status words_of_failure(const Image& image, const Failure& failure) {
  if (failure.at_directory != 0) return errno_status("its directory " + image.directory, failure.error);
  return errno_status(image.program + " cannot be executed", failure.error);
}

}  // namespace

std::string words_of(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
  if (all.size() > kMostWords) all = all.substr(0, kMostWords) + "...";
  return all;
}

Result<std::string> find_executable(const std::string& word, const std::string& directory,
                                    const Environment& environment) {
  if (word.find('/') == std::string::npos) {
    const std::string& path = lookup(environment, "PATH");
    return find_in_path(word, directory, path.empty() ? "/usr/local/bin:/usr/bin:/bin" : path);
  }
  const std::string path = in_directory(directory, word);
  if (is_executable(path)) return path;
  const bool is_there = ::access(path.c_str(), F_OK) == 0;
  return Status(Code::kNotFound, is_there ? path + " is no file that may be executed" : "there is no file " + path);
}

Result<CommandProcess> CommandProcess::start(const Start& start) {
  Result<std::string> program = find_executable(start.words.front(), start.directory, start.environment);
  if (!program.ok()) return program.status();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_status("pipe2", errno);
  const Fd read(ends[0]);
  Fd write(ends[1]);
  const Image image(*program, start);
  const pid_t pid = fork_with_signals_blocked(image, write.get());
  if (pid < 0) return errno_status("fork", errno);
  write.reset();
  Failure failure;
  ssize_t n = 0;
  while ((n = ::read(read.get(), &failure, sizeof failure)) < 0 && errno == EINTR) {
  }
  if (n > 0) {
    wait_for(pid);
    return words_of_failure(image, failure);
  }
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (pidfd.valid()) return CommandProcess(pid, std::move(pidfd));
  const Status status = errno_status("pidfd_open", errno);
  ::kill(pid, SIGKILL);
  wait_for(pid);
  return status;
}

Status CommandProcess::signal(int number) const {
  if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0) == 0) return Status();
  return errno_status("signal " + std::to_string(number), errno);
}

CommandProcess::End CommandProcess::reap() {
  const int status = wait_for(pid_);
  pidfd_.reset();
  return end_of(status);
}

CommandProcess::~CommandProcess() {
  if (!pidfd_.valid()) return;
  [[maybe_unused]] const Status killed = signal(SIGKILL);
  wait_for(pid_);
}

}  // namespace Atoll
