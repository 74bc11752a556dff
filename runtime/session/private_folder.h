#pragma once

#include <string>
#include <string_view>

#include "runtime/base/fd.h"
#include "runtime/base/status.h"

namespace Atoll {

// A folder that only this user can enter. Opening refuses what is not a folder, is a symbolic link, belongs to somebody
// else or lets group or others in: in /tmp anybody may have been there first. Names are used relative to the opened
// folder, so that nobody can exchange it afterwards.
class PrivateFolder {
 public:
  // Makes `path` (0700) if it is not there, and opens it. Its parent must exist.
  static Result<PrivateFolder> make(const std::string& path);
  // kNotFound when it is not there.
  static Result<PrivateFolder> open(const std::string& path);

  const std::string& path() const { return path_; }
  int fd() const { return fd_.get(); }

  // The content of a regular file of ours; at most `limit` bytes. Follows no link.
  Result<std::string> read(const char* name, std::size_t limit) const;
  // Replaces the file (0600) as a whole: a reader sees the old or the new content.
  Status replace(const char* name, std::string_view content) const;

 private:
  std::string path_;
  Fd fd_;
};

}  // namespace Atoll
