#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/device/cuda_abi.h"

namespace Atoll {

// A mapping of this process, registered with CUDA where it is copied from or to, so that GPUs reach it themselves. Any
// thread may use it.
//
// PINNED-1 It is registered piece by piece, each once and when a large copy first touches it: to register all of a node's
//          object memory would take it up, page for page.
// PINNED-2 No copy goes over the border of a piece: CUDA refuses those of which one part is registered and another not.
// PINNED-3 After the first refusal nothing is registered any more; copies go on without.
class PinnedMemory {
 public:
  static constexpr std::size_t kPiece = std::size_t{64} << 20;
  // Smaller copies are not worth a registration.
  static constexpr std::size_t kWorthIt = std::size_t{1} << 20;

  // `functions` and the mapping outlive this.
  PinnedMemory(const cuda::Functions& functions, char* data, std::size_t bytes);
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;
  // Nothing is registered any more.
  ~PinnedMemory();

  bool holds(const char* at) const { return at >= data_ && at < data_ + bytes_; }
  // Cuts `bytes` at `at`, all of them in the mapping, into what may be copied as one; stops at the first error.
  Status for_each_part(char* at, std::size_t bytes, const std::function<Status(char* part, std::size_t size)>& copy);

 private:
  void register_pieces(std::size_t first, std::size_t last);

  const cuda::Functions& functions_;
  char* const data_;
  const std::size_t bytes_;
  std::mutex mutex_;
  std::vector<bool> registered_;  // by piece
  bool refused_ = false;
};

}  // namespace Atoll
