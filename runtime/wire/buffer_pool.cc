#include "runtime/wire/buffer_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <utility>

namespace Atoll {
namespace {

constexpr std::size_t kGrain = 64 * 1024;

BufferPool::Buffer map(std::size_t capacity) {
  void* const bytes = ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes == MAP_FAILED) return BufferPool::Buffer();
  return {std::unique_ptr<char[], FreeBuffer>(static_cast<char*>(bytes), {capacity}), capacity};
}

}  // namespace

void FreeBuffer::operator()(char* bytes) const {
  if (mapped == 0)
    delete[] bytes;
  else
    ::munmap(bytes, mapped);
}

BufferPool::Buffer BufferPool::take(std::size_t size) {
  const auto fits = [size](const Idle& idle) {
    return idle.buffer.capacity >= size && idle.buffer.capacity <= 2 * std::max(size, kGrain);
  };
  // The one given back last is the warmest.
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(), fits);
  if (found == idle_.rend()) return map((size + kGrain - 1) / kGrain * kGrain);
  Buffer buffer = std::move(found->buffer);
  idle_.erase(std::next(found).base());
  idle_bytes_ -= buffer.capacity;
  return buffer;
}

void BufferPool::give_back(Time now, Buffer buffer) {
  if (buffer.bytes == nullptr || buffer.capacity < kGrain || idle_bytes_ + buffer.capacity > keep_) return;
  idle_bytes_ += buffer.capacity;
  idle_.push_back({std::move(buffer), now});
}

void BufferPool::trim(Time now) {
  const auto kept = std::ranges::find_if(idle_, [&](const Idle& idle) { return now < idle.since + limit_; });
  for (auto idle = idle_.begin(); idle != kept; ++idle) idle_bytes_ -= idle->buffer.capacity;
  idle_.erase(idle_.begin(), kept);
}

}  // namespace Atoll
