#include "runtime/device/pinned_memory.h"

#include <algorithm>

#include "runtime/base/log.h"

namespace Atoll {

PinnedMemory::PinnedMemory(const cuda::Functions& functions, char* data, std::size_t bytes)
    : functions_(functions), data_(data), bytes_(bytes), registered_((bytes + kPiece - 1) / kPiece) {}

PinnedMemory::~PinnedMemory() {
  for (std::size_t piece = 0; piece < registered_.size(); ++piece)
    if (registered_[piece] && functions_.unregister_host(data_ + piece * kPiece) != cuda::kSuccess) (void)functions_.last_error();
}

void PinnedMemory::register_pieces(std::size_t first, std::size_t last) {
  const std::lock_guard lock(mutex_);
  for (std::size_t piece = first; piece <= last && !refused_; ++piece) {
    if (registered_[piece]) continue;
    const std::size_t size = std::min(kPiece, bytes_ - piece * kPiece);
    const cuda::Error error = functions_.register_host(data_ + piece * kPiece, size, 0);
    registered_[piece] = error == cuda::kSuccess;
    if (registered_[piece]) continue;
    refused_ = true;
    (void)functions_.last_error();  // it is not the program's
    log::warn("object memory is copied to and from GPUs without registration: {}", functions_.error_string(error));
  }
}

Status PinnedMemory::for_each_part(char* at, std::size_t bytes, const std::function<Status(char* part, std::size_t size)>& copy) {
  const auto offset = static_cast<std::size_t>(at - data_);
  if (bytes >= kWorthIt) register_pieces(offset / kPiece, (offset + bytes - 1) / kPiece);
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t size = std::min(bytes - done, kPiece - (offset + done) % kPiece);
    ATOLL_RETURN_IF_ERROR(copy(at + done, size));
    done += size;
  }
  return Status();
}

}  // namespace Atoll
