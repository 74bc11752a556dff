#include "runtime/node/program_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/build_id.h"
#include "runtime/base/fd.h"

namespace Atoll {

std::string ProgramStore::shipped_path(const JobInfo& job) const {
  return folder_ + "/program-" + job.build_id.substr(0, 40);
}

Result<std::string> ProgramStore::find(const JobInfo& job) const {
  const Result<std::string> here = build_id_of(job.path);
  if (here.ok() && *here == job.build_id && ::access(job.path.c_str(), X_OK) == 0) return job.path;
  const std::string shipped = shipped_path(job);
  if (const Result<std::string> copy = build_id_of(shipped); copy.ok() && *copy == job.build_id) return shipped;
  if (!here.ok()) return here.status().prefixed("the driver's program is not visible here");
  return Status(Code::kNotFound, "the file " + job.path + " is another build of the driver's program here");
}

Result<std::string> ProgramStore::store(const JobInfo& job, const ProgramChunk& chunk) const {
  const std::string path = shipped_path(job);
  const std::string partial = path + ".part";
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (chunk.offset == 0 ? O_TRUNC : 0);
  const Fd file(::open(partial.c_str(), flags, 0700));
  if (!file.valid()) return errno_status(partial, errno);
  const ssize_t n = ::pwrite(file.get(), chunk.bytes.data(), chunk.bytes.size(), static_cast<off_t>(chunk.offset));
  if (n != static_cast<ssize_t>(chunk.bytes.size())) return errno_status("writing the shipped program " + partial, errno);
  if (chunk.offset + chunk.bytes.size() < chunk.total) return std::string();
  const Result<std::string> build = build_id_of(partial);
  if (!build.ok()) return build.status();
  if (*build != job.build_id)
    return Status(Code::kInvalidArgument, "the program that was shipped is not the driver's build; was it replaced while it runs?");
  if (::rename(partial.c_str(), path.c_str()) != 0) return errno_status(path, errno);
  return path;
}

}  // namespace Atoll
