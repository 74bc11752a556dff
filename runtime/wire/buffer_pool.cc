#include "runtime/wire/buffer_pool.h"

#include <algorithm>
#include <new>
#include <utility>

namespace Atoll {
namespace {

constexpr std::size_t kGrain = 64 * 1024;

}  // namespace

BufferPool::Buffer BufferPool::take(std::size_t size) {
  const auto fits = [size](const Buffer& buffer) {
    return buffer.capacity >= size && buffer.capacity <= 2 * std::max(size, kGrain);
  };
  // The one given back last is the warmest.
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(), fits);
  if (found != idle_.rend()) {
    Buffer buffer = std::exchange(*found, std::move(idle_.back()));
    idle_.pop_back();
    idle_bytes_ -= buffer.capacity;
    return buffer;
  }
  const std::size_t capacity = (size + kGrain - 1) / kGrain * kGrain;
  return {std::unique_ptr<char[]>(new (std::nothrow) char[capacity]), capacity};
}

void BufferPool::give_back(Buffer buffer) {
  if (buffer.bytes == nullptr || buffer.capacity < kGrain || idle_bytes_ + buffer.capacity > keep_) return;
  idle_bytes_ += buffer.capacity;
  idle_.push_back(std::move(buffer));
}

}  // namespace Atoll
