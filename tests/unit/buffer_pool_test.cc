#include "runtime/wire/buffer_pool.h"

#include <doctest/doctest.h>

#include <utility>

namespace Atoll {
namespace {

constexpr Duration kLimit = std::chrono::seconds(5);
const Time kStart = Time() + std::chrono::hours(1);

std::unique_ptr<char[], FreeBuffer> plain(std::size_t size) {
  return std::unique_ptr<char[], FreeBuffer>(new char[size]);
}

}  // namespace

TEST_CASE("a large buffer given back is taken again, and not for a much smaller message") {
  BufferPool pool(10 << 20, kLimit);
  BufferPool::Buffer first = pool.take(1 << 20);
  const char* const place = first.bytes.get();
  pool.give_back(kStart, std::move(first));
  const BufferPool::Buffer small = pool.take(200'000);
  CHECK(small.bytes.get() != place);
  const BufferPool::Buffer large = pool.take((1 << 20) - 5000);
  CHECK(large.bytes.get() == place);
  CHECK(large.capacity >= (1 << 20));
  CHECK(pool.empty());
}

TEST_CASE("of several that fit the one given back last is taken") {
  BufferPool pool(10 << 20, kLimit);
  BufferPool::Buffer buffers[] = {pool.take(1 << 20), pool.take(1 << 20), pool.take(3 << 20)};
  const char* const place = buffers[1].bytes.get();
  for (BufferPool::Buffer& buffer : buffers) pool.give_back(kStart, std::move(buffer));
  CHECK(pool.take(1 << 20).bytes.get() == place);
}

TEST_CASE("a pool keeps no more idle bytes than it may") {
  BufferPool pool(1 << 20, kLimit);
  BufferPool::Buffer kept = pool.take(1 << 20);
  BufferPool::Buffer freed = pool.take(1 << 20);
  const char* const place = kept.bytes.get();
  pool.give_back(kStart, std::move(kept));
  pool.give_back(kStart, std::move(freed));
  const BufferPool::Buffer again = pool.take(1 << 20);
  CHECK(again.bytes.get() == place);
  CHECK(pool.empty());
}

TEST_CASE("a buffer that nobody took for long is freed, and its room is others'") {
  BufferPool pool(1 << 20, kLimit);
  pool.give_back(kStart, pool.take(1 << 20));
  pool.trim(kStart + kLimit - Duration(1));
  CHECK_FALSE(pool.empty());
  pool.trim(kStart + kLimit);
  CHECK(pool.empty());
  pool.give_back(kStart + kLimit, pool.take(1 << 20));
  CHECK_FALSE(pool.empty());
}

TEST_CASE("a buffer of new[] may be given back, a small one is freed") {
  BufferPool pool(1 << 20, kLimit);
  pool.give_back(kStart, {plain(100), 100});
  CHECK(pool.empty());
  BufferPool::Buffer large{plain(100'000), 100'000};
  const char* const place = large.bytes.get();
  pool.give_back(kStart, std::move(large));
  CHECK(pool.take(90'000).bytes.get() == place);
}

}  // namespace Atoll
