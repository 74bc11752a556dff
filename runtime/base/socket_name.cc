#include "runtime/base/socket_name.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

namespace Atoll {

Result<SocketName> SocketName::of(const std::string& path) {
  SocketName name;
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
  name.folder = Fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!name.folder.valid()) return errno_status(folder, errno);
  const std::string near = "/proc/self/fd/" + std::to_string(name.folder.get()) + "/" + path.substr(slash + 1);
  if (near.size() >= sizeof name.address.sun_path) return Status(Code::kInvalidArgument, path + " is too long for a socket");
  name.address.sun_family = AF_UNIX;
  std::memcpy(name.address.sun_path, near.c_str(), near.size() + 1);
  return name;
}

}  // namespace Atoll
