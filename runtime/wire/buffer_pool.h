#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "runtime/base/clock.h"

namespace Atoll {

struct FreeBuffer {
  std::size_t mapped = 0;  // bytes; 0: it is of new[]
  void operator()(char* bytes) const;
};

// Large buffers that are used again: fresh pages cost several times the copy into them. They are mapped each by itself, so
// that one which is freed leaves no hole among what is small.
class BufferPool {
 public:
  struct Buffer {
    std::unique_ptr<char[], FreeBuffer> bytes;  // none: there was no memory
    std::size_t capacity = 0;
  };

  // Keeps at most `keep` bytes of idle buffers, each for at most `limit`.
  BufferPool(std::size_t keep, Duration limit) : keep_(keep), limit_(limit) {}

  // A buffer of at least `size` bytes, not set to anything.
  Buffer take(std::size_t size);
  // Any buffer, also one that was not taken here; small ones are freed.
  void give_back(Time now, Buffer buffer);
  // Frees those that were idle for too long.
  void trim(Time now);

  bool empty() const { return idle_.empty(); }

 private:
  struct Idle {
    Buffer buffer;
    Time since;
  };

  const std::size_t keep_;
  const Duration limit_;
  std::size_t idle_bytes_ = 0;
  std::vector<Idle> idle_;  // the one given back last comes last
};

}  // namespace Atoll
