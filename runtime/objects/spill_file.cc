#include "runtime/objects/spill_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/objects/arena_space.h"

namespace Atoll {
namespace {

constexpr mode_t kMode = 0600;

// Some file systems know no files without a name: there one is made and unlinked.
Fd open_nameless(const std::string& folder) {
  Fd file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, kMode));
  if (file.valid() || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return file;
  std::string path = folder + "/atoll-spill-XXXXXX";
  file.reset(::mkostemp(path.data(), O_CLOEXEC));
  if (file.valid()) ::unlink(path.c_str());
  return file;
}

bool set_direct(int file, bool direct) {
  const int flags = ::fcntl(file, F_GETFL);
  return ::fcntl(file, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

// Of `parts`, without the first `bytes`.
std::span<iovec> without(std::span<iovec> parts, std::size_t bytes) {
  while (!parts.empty() && bytes >= parts.front().iov_len) {
    bytes -= parts.front().iov_len;
    parts = parts.subspan(1);
  }
  if (bytes > 0) {
    parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + bytes;
    parts.front().iov_len -= bytes;
  }
  return parts;
}

}  // namespace

Status spill_failure(const std::string& folder, const std::string& doing, int error) {
  const Status status = errno_status(doing + " in spill folder " + folder, error);
  const bool is_full = error == ENOSPC || error == EDQUOT;
  return Status(is_full ? Code::kDiskFull : status.code(), status.message());
}

Status SpillFile::failure(const char* doing, int error) const { return spill_failure(folder_, doing, error); }

Result<SpillFile> SpillFile::create(const std::string& folder, std::uint64_t bytes) {
  Fd file = open_nameless(folder);
  if (!file.valid()) return spill_failure(folder, "making a file", errno);
  const bool direct = set_direct(file.get(), true);
  if (::fallocate(file.get(), 0, 0, static_cast<off_t>(bytes)) != 0 && errno != EOPNOTSUPP && errno != ENOSYS)
    return spill_failure(folder, "setting " + std::to_string(bytes) + " bytes aside", errno);
  return SpillFile(std::move(file), folder, direct);
}

// Whether it was: some file systems refuse only the first write or read.
bool SpillFile::stop_being_direct() {
  if (!direct_) return false;
  direct_ = false;
  return set_direct(file_.get(), false);
}

Status SpillFile::append(std::span<iovec> parts) {
  while (!parts.empty()) {
    const ssize_t n = ::pwritev(file_.get(), parts.data(), static_cast<int>(parts.size()), static_cast<off_t>(written_));
    if (n < 0 && (errno == EINTR || (errno == EINVAL && stop_being_direct()))) continue;
    if (n < 0) return failure("writing", errno);
    if (n == 0) return failure("writing", ENOSPC);
    if (static_cast<std::uint64_t>(n) % ArenaSpace::kPage != 0) (void)stop_being_direct();
    parts = without(parts, static_cast<std::size_t>(n));
    if (!direct_) ::sync_file_range(file_.get(), static_cast<off_t>(written_), n, SYNC_FILE_RANGE_WRITE);
    const std::uint64_t before = written_;
    written_ += static_cast<std::uint64_t>(n);
    if (!direct_) drop_from_cache(before);
  }
  return Status();
}

void SpillFile::finish() {
  if (!direct_) drop_from_cache(written_);
}

void SpillFile::drop_from_cache(std::uint64_t up_to) {
  if (up_to == dropped_) return;
  const auto from = static_cast<off_t>(dropped_), bytes = static_cast<off_t>(up_to - dropped_);
  ::sync_file_range(file_.get(), from, bytes, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  ::posix_fadvise(file_.get(), from, bytes, POSIX_FADV_DONTNEED);
  dropped_ = up_to;
}

Status SpillFile::read(char* to, std::uint64_t bytes, std::uint64_t at) const {
  for (std::uint64_t done = 0; done < bytes;) {
    const ssize_t n = ::pread(file_.get(), to + done, bytes - done, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure("reading", errno);
    if (n == 0) return Status(Code::kUnavailable, "a file in spill folder " + folder_ + " is shorter than it was");
    done += static_cast<std::uint64_t>(n);
  }
  if (!direct_) ::posix_fadvise(file_.get(), static_cast<off_t>(at), static_cast<off_t>(bytes), POSIX_FADV_DONTNEED);
  return Status();
}

bool SpillFile::punch(std::uint64_t at, std::uint64_t bytes) {
  const auto from = static_cast<off_t>(at), length = static_cast<off_t>(bytes);
  int result = 0;
  do
    result = ::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, length);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

}  // namespace Atoll
