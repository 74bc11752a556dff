#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/status.h"

namespace Atoll {

// The address of the Unix socket at `path`. A socket's name has 107 letters, folders may have more: it is reached through a
// descriptor of its folder.
struct SocketName {
  Fd folder;
  sockaddr_un address{};

  static Result<SocketName> of(const std::string& path);
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

}  // namespace Atoll
