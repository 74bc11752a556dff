#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "runtime/base/fd.h"

namespace Atoll {

// One process of this host for good: a pid that is used again, or a host that was started again, is another identity.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  // field 22 of /proc/<pid>/stat
  std::string boot_id;            // of the kernel

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

// This process.
ProcessIdentity own_identity();

// Whether the process still runs. A zombie does not.
bool is_alive(const ProcessIdentity& identity);

// A descriptor that becomes readable when the process ends; invalid if it is gone.
Fd open_process(const ProcessIdentity& identity);
// The same for a child of ours that has not been waited for.
Fd open_process(pid_t pid);

// Signals the process of the descriptor and no other, even when its pid is used again. 0 or -1 and errno, as kill().
int signal_process(const Fd& process, int signal);

// What is needed of the text of a /proc/<pid>/stat; 0 and '?' if it is none. The name of a program may hold blanks and
// parentheses.
struct StatFields {
  char state = '?';
  std::uint64_t cpu_ticks = 0;  // of all its threads, ever: its own and the kernel's for it
  std::uint64_t start_ticks = 0;
};
StatFields parse_stat(const std::string& text);

}  // namespace Atoll
