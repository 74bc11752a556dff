#include "runtime/session/process_identity.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace Atoll {
namespace {

std::string read_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

StatFields stat_of(pid_t pid) { return parse_stat(read_line("/proc/" + std::to_string(pid) + "/stat")); }

std::string boot_id() { return read_line("/proc/sys/kernel/random/boot_id"); }

}  // namespace

ProcessIdentity own_identity() {
  const pid_t pid = ::getpid();
  return {.pid = pid, .start_ticks = stat_of(pid).start_ticks, .boot_id = boot_id()};
}

bool is_alive(const ProcessIdentity& identity) {
  if (identity.pid <= 0 || identity.boot_id != boot_id()) return false;
  const StatFields now = stat_of(identity.pid);
  return now.start_ticks == identity.start_ticks && now.start_ticks != 0 && now.state != 'Z' && now.state != 'X';
}

Fd open_process(const ProcessIdentity& identity) {
  if (identity.pid <= 0) return Fd();
  Fd process = open_process(identity.pid);
  // Only now is the pid held: what the identity says must be judged after the opening.
  return is_alive(identity) ? std::move(process) : Fd();
}

// By number: glibc 2.36 declares pidfd_open() and pidfd_send_signal() with C++ names, which it does not define.
Fd open_process(pid_t pid) { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

int signal_process(const Fd& process, int signal) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0));
}

StatFields parse_stat(const std::string& text) {
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  StatFields fields;
  rest >> fields.state;
  std::string skipped;
  for (int field = 4; field <= 13; ++field) rest >> skipped;  // from ppid to cmajflt
  std::uint64_t user = 0, system = 0;
  rest >> user >> system;
  for (int field = 16; field <= 21; ++field) rest >> skipped;  // from cutime to itrealvalue
  if (!(rest >> fields.start_ticks)) return {};
  fields.cpu_ticks = user + system;
  return fields;
}

}  // namespace Atoll
