#include "runtime/client/warm.h"

#include <dirent.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <uct/api/uct.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "runtime/base/log.h"
#include "runtime/base/read_file.h"
#include "runtime/wire/fork_channel.h"
#include "runtime/wire/hello.h"

namespace Atoll {
namespace {

int count_threads() {
  int count = 0;
  DIR* const folder = ::opendir("/proc/self/task");
  if (folder == nullptr) return 0;
  while (const dirent* entry = ::readdir(folder)) count += entry->d_name[0] != '.';
  ::closedir(folder);
  return count;
}

// A descriptor beyond those that every worker has; -1: none.
int find_descriptor(int channel) {
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return -1;
  int found = -1;
  while (const dirent* entry = ::readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    if (fd > 2 && fd != channel && fd != ::dirfd(folder)) found = fd;
  }
  ::closedir(folder);
  return found;
}

// The first mapping that a fork would share, or that it would break.
std::optional<std::string> find_mapping() {
  std::istringstream lines(read_file("/proc/self/maps").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (line.find("libcuda.so") != std::string::npos) return "it has loaded CUDA";
    if (line.find("libamdhip64.so") != std::string::npos) return "it has loaded HIP";
    const std::size_t rights = line.find(' ');
    if (rights != std::string::npos && line.compare(rights + 1, 2, "rw") == 0 && line[rights + 4] == 's')
      return "it has memory that is shared: " + line;
  }
  return std::nullopt;
}

// What every worker would do for itself: load UCX's modules, which opens no device, and set up OpenSSL.
void warm_libraries() {
  uct_component_h* components = nullptr;
  unsigned count = 0;
  if (uct_query_components(&components, &count) == UCS_OK) uct_release_component_list(components);
  Secret none;
  Hello first = Hello::connecting(none, ProcessId{1}, ProcessId{2});
  Hello second = Hello::accepting(none, ProcessId{2});
  [[maybe_unused]] const Result<std::string> proof = second.receive(first.offer());
}

// As fork(), but the child is our parent's, and what pthread_atfork() registered is not called. For one thread alone.
// Where glibc keeps the thread's id, which differs in the child, the kernel knows: glibc told it.
pid_t fork_for_parent() {
  int* thread_id = nullptr;
  if (::prctl(PR_GET_TID_ADDRESS, &thread_id) != 0) return -1;
  void* robust_list = nullptr;
  std::size_t robust_size = 0;
  ::syscall(SYS_get_robust_list, 0, &robust_list, &robust_size);
  clone_args how{};
  how.flags = CLONE_PARENT | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
  how.child_tid = reinterpret_cast<std::uintptr_t>(thread_id);
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &how, sizeof how));
  if (pid == 0) ::syscall(SYS_set_robust_list, robust_list, robust_size);
  return pid;
}

// In the child: as WorkerProcess::start() leaves one before its exec. The rest it has from the warm process already.
void become_worker(const ForkRequest& request, int channel, pid_t daemon) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != daemon) ::_exit(1);
  ::dup2(request.out.get(), 1);
  ::dup2(request.err.get(), 2);
  ::dup2(request.secret.get(), channel);
}

[[noreturn]] void end_warm_process(const Status& why) {
  if (!why.ok()) std::fprintf(stderr, "atoll: the warm process ends: %s\n", why.message().c_str());
  std::fflush(nullptr);
  ::_exit(why.ok() ? 0 : 1);
}

}  // namespace

std::optional<std::string> why_unfit(int channel) {
  if (const int threads = count_threads(); threads != 1) return "it has " + std::to_string(threads) + " threads";
  if (const int fd = find_descriptor(channel); fd >= 0) return "it has opened descriptor " + std::to_string(fd);
  return find_mapping();
}

std::string serve_forks(int channel) {
  const pid_t daemon = ::getppid();
  warm_libraries();
  // What is in a buffer now would be written by each of them.
  std::cout.flush();
  std::clog.flush();
  std::fflush(nullptr);
  const std::optional<std::string> unfit = why_unfit(channel);
  const ForkAnswer fitness = unfit ? ForkAnswer(Unfit{*unfit}) : ForkAnswer(Warm{});
  if (const Status said = send_answer(channel, fitness); !said.ok()) end_warm_process(said);
  for (;;) {
    Result<std::optional<ForkRequest>> request = receive_request(channel);
    if (!request.ok()) end_warm_process(request.status());
    if (!*request) end_warm_process(Status());
    const pid_t pid = fork_for_parent();
    if (pid == 0) {
      become_worker(**request, channel, daemon);
      return (*request)->start;
    }
    const ForkAnswer answer =
        pid > 0 ? ForkAnswer(Forked{pid}) : ForkAnswer(Unfit{errno_status("it cannot fork", errno).message()});
    if (const Status said = send_answer(channel, answer); !said.ok()) end_warm_process(said);
  }
}

}  // namespace Atoll
