#include "runtime/session/private_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace Atoll {
namespace {

// Why this folder or file is not ours alone; "" if it is.
std::string objection(const struct stat& found) {
  if (found.st_uid != ::geteuid()) return "belongs to user id " + std::to_string(found.st_uid);
  if (found.st_mode & 077) return "can be entered or read by others";
  return "";
}

Status refuse(const std::string& path, const std::string& why) {
  return Status(Code::kUnauthenticated, path + " " + why + "; remove it, or set TMPDIR to a folder of your own");
}

Status write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_status("write", errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return Status();
}

}  // namespace

Result<PrivateFolder> PrivateFolder::make(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return errno_status("cannot make the folder " + path, errno);
  return open(path);
}

Result<PrivateFolder> PrivateFolder::open(const std::string& path) {
  PrivateFolder folder;
  folder.path_ = path;
  folder.fd_.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.fd_.valid()) {
    if (errno == ENOENT) return Status(Code::kNotFound, "there is no folder " + path);
    if (errno == ELOOP || errno == ENOTDIR) return refuse(path, "is not a folder");
    return errno_status("cannot open the folder " + path, errno);
  }
  struct stat found {};
  if (::fstat(folder.fd(), &found) != 0) return errno_status(path, errno);
  if (const std::string why = objection(found); !why.empty()) return refuse(path, why);
  return folder;
}

Result<std::string> PrivateFolder::read(const char* name, std::size_t limit) const {
  const std::string whole = path_ + "/" + name;
  Fd file(::openat(fd(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.valid()) {
    if (errno == ENOENT) return Status(Code::kNotFound, "there is no " + whole);
    return errno_status("cannot open " + whole, errno);
  }
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return errno_status(whole, errno);
  if (!S_ISREG(found.st_mode)) return refuse(whole, "is not a file");
  if (const std::string why = objection(found); !why.empty()) return refuse(whole, why);
  std::string content(limit + 1, '\0');
  const ssize_t size = ::pread(file.get(), content.data(), content.size(), 0);
  if (size < 0) return errno_status("cannot read " + whole, errno);
  if (static_cast<std::size_t>(size) > limit) return Status(Code::kInvalidArgument, whole + " is too long");
  content.resize(static_cast<std::size_t>(size));
  return content;
}

Status PrivateFolder::replace(const char* name, std::string_view content) const {
  const std::string fresh = "." + std::string(name) + "." + std::to_string(::getpid());
  const auto failed = [&](const char* what) { return errno_status(std::string(what) + path_ + "/" + name, errno); };
  ::unlinkat(fd(), fresh.c_str(), 0);
  Fd file(::openat(fd(), fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) return failed("cannot make ");
  Status status = write_all(file.get(), content).prefixed(path_ + "/" + name);
  if (status.ok() && ::renameat(fd(), fresh.c_str(), fd(), name) != 0) status = failed("cannot replace ");
  if (!status.ok()) ::unlinkat(fd(), fresh.c_str(), 0);
  return status;
}

}  // namespace Atoll
