#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runtime/base/status.h"

namespace Atoll {

// One log as it is read in pieces, cut into lines; without I/O but for what `read` does.
//
// READER-1 every line comes out once, whole, in order; one without an end comes when the log has ended
// READER-2 where what follows is not kept any more, a line says how many bytes are missing
class LogReader {
 public:
  // Some bytes from a position on, or none if there are none; the position is later where earlier ones are gone.
  struct Bytes {
    std::uint64_t from = 0;
    std::string text;
  };
  using Read = std::function<Result<Bytes>(std::uint64_t from, std::uint32_t bytes)>;

  explicit LogReader(Read read) : read_(std::move(read)) {}

  // Goes to where the last `lines` lines before `end` begin, at `begin` at the earliest.
  Status seek(std::uint64_t begin, std::uint64_t end, std::uint64_t lines);
  // The lines up to `end`, without their ends; `is_last`: nothing follows. Calls `take` for each.
  Status read_to(std::uint64_t end, bool is_last, const std::function<void(const std::string&)>& take);

  std::uint64_t position() const { return position_; }

 private:
  Read read_;
  std::uint64_t position_ = 0;
  std::string rest_;  // a line's beginning
};

// What is read at one time.
inline constexpr std::uint32_t kLogReadBytes = 256 * 1024;

}  // namespace Atoll
