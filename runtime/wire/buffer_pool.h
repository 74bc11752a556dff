#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace Atoll {

// Large buffers that are used again: fresh pages cost several times the copy
// into them.
class BufferPool {
 public:
  struct Buffer {
    std::unique_ptr<char[]> bytes;  // none: there was no memory
    std::size_t capacity = 0;
  };

  // Keeps at most `keep` bytes of idle buffers.
  explicit BufferPool(std::size_t keep) : keep_(keep) {}

  // A buffer of at least `size` bytes, not set to anything.
  Buffer take(std::size_t size);
  // Any buffer, also one that was not taken here; small ones are freed.
  void give_back(Buffer buffer);

 private:
  const std::size_t keep_;
  std::size_t idle_bytes_ = 0;
  std::vector<Buffer> idle_;
};

}  // namespace Atoll
