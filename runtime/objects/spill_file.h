#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "runtime/base/fd.h"
#include "runtime/base/status.h"

namespace Atoll {

// A file without a name in a folder: it goes with its descriptor, however this process ends. Its bytes pass the page cache
// by where the file system lets them (on one disk that wrote twice as fast as through it, for a fifth of the processor's
// time); otherwise they are dropped from it once they are written, since the kernel counts it as the job's memory.
//
// Offsets, lengths and addresses are whole pages. kDiskFull, or another code if the folder or its disk is at fault; the words
// name the folder.
class SpillFile {
 public:
  // Of `bytes`, which are set aside where the file system can.
  static Result<SpillFile> create(const std::string& folder, std::uint64_t bytes);

  // Appends. `parts` are changed.
  Status append(std::span<iovec> parts);
  // After the last append().
  void finish();
  Status read(char* to, std::uint64_t bytes, std::uint64_t at) const;
  // Gives the room of that part back; whether the file system can.
  bool punch(std::uint64_t at, std::uint64_t bytes);

  const std::string& folder() const { return folder_; }
  bool is_direct() const { return direct_; }

 private:
  SpillFile(Fd file, std::string folder, bool direct) : file_(std::move(file)), folder_(std::move(folder)), direct_(direct) {}
  Status failure(const char* doing, int error) const;
  bool stop_being_direct();
  void drop_from_cache(std::uint64_t up_to);

  Fd file_;
  std::string folder_;
  bool direct_;
  std::uint64_t written_ = 0;
  std::uint64_t dropped_ = 0;  // from the page cache
};

// A Status of an error of the file system, in `folder`.
Status spill_failure(const std::string& folder, const std::string& doing, int error);

}  // namespace Atoll
