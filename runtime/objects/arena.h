#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "runtime/base/fd.h"
#include "runtime/base/status.h"

namespace Atoll {

// Memory mapped by this process; not by those that it forks, and not in core files.
class Mapping {
 public:
  // All of `fd`, shared. kResourceExhausted.
  static Result<Mapping> map(int fd, std::size_t bytes, bool writable);
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  char* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  Mapping(char* data, std::size_t size) : data_(data), size_(size) {}

  char* data_ = nullptr;
  std::size_t size_ = 0;
};

// A node's object memory: one anonymous file that all its processes map, which goes with the last of them. Which of its
// bytes are whose is the ObjectStore's matter.
class Arena {
 public:
  // Takes no memory until it is written to; then huge pages where the system gives them.
  static Result<Arena> create(std::uint64_t bytes);
  // The one behind a descriptor that arena_door.h handed out.
  static Result<Arena> open(Fd file);

  int fd() const { return file_.get(); }
  std::uint64_t size() const { return written_.size(); }
  char* at(std::uint64_t offset) { return written_.data() + offset; }
  // The same bytes, but for reading: writing there ends the process.
  const char* read_at(std::uint64_t offset) const { return read_.data() + offset; }

  // What is read at `offset`, a whole number of pages from the beginning, stays as it is now whatever others write.
  void detach(std::uint64_t offset, std::uint64_t bytes) const;

 private:
  Arena(Fd file, Mapping written, Mapping read)
      : file_(std::move(file)), written_(std::move(written)), read_(std::move(read)) {}

  Fd file_;
  Mapping written_;
  Mapping read_;
};

}  // namespace Atoll
