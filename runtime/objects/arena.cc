#include "runtime/objects/arena.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace Atoll {

Result<Mapping> Mapping::map(int fd, std::size_t bytes, bool writable) {
  void* data = ::mmap(nullptr, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
  if (data == MAP_FAILED) return errno_status("mapping " + std::to_string(bytes) + " bytes of object memory", errno);
  // A child that went on reading would not be known to hold anything.
  (void)::madvise(data, bytes, MADV_DONTFORK);
  (void)::madvise(data, bytes, MADV_DONTDUMP);
  (void)::madvise(data, bytes, MADV_HUGEPAGE);
  return Mapping(static_cast<char*>(data), bytes);
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

Result<Arena> Arena::create(std::uint64_t bytes) {
  Fd file(::memfd_create("atoll-objects", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid()) return errno_status("memfd_create", errno);
  if (::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0)
    return errno_status("object memory of " + std::to_string(bytes) + " bytes", errno);
  // Nobody who gets it can cut it off under the others.
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return errno_status("F_ADD_SEALS", errno);
  return open(std::move(file));
}

Result<Arena> Arena::open(Fd file) {
  struct stat info;
  if (::fstat(file.get(), &info) != 0) return errno_status("the object memory's descriptor", errno);
  const auto bytes = static_cast<std::size_t>(info.st_size);
  Result<Mapping> written = Mapping::map(file.get(), bytes, true);
  if (!written.ok()) return written.status();
  Result<Mapping> read = Mapping::map(file.get(), bytes, false);
  if (!read.ok()) return read.status();
  return Arena(std::move(file), std::move(*written), std::move(*read));
}

void Arena::detach(std::uint64_t offset, std::uint64_t bytes) const {
  void* const copy = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED) return;
  std::memcpy(copy, read_at(offset), bytes);
  // Not by mremap(): UCX 1.13 puts a function of its own in its place, which passes no new address on.
  if (::syscall(SYS_mremap, copy, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, read_at(offset)) == -1) ::munmap(copy, bytes);
}

}  // namespace Atoll
