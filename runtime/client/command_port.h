#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>

namespace Atoll {

// The inodes of the sockets that listen on the TCP port, of a text as /proc/net/tcp
// and /proc/net/tcp6 have it (proc(5)).
std::set<std::uint64_t> listeners_in(const std::string& table, int port);

// Whether the process, or one that it started, however far down, or one of its
// process group other than the caller, listens on the TCP port. Empty if so; else what
// is wrong: "nothing of it listens on port 8000", or that another process does.
std::string why_not_listening(pid_t process, int port);

// The process and all that it started, as far as their parents live; its ids are
// those of one moment.
std::set<pid_t> family_of(pid_t process);

}  // namespace Atoll
