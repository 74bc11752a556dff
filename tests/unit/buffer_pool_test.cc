#include "runtime/wire/buffer_pool.h"

#include <doctest/doctest.h>

#include <utility>

namespace Atoll {

TEST_CASE("a large buffer given back is taken again, and not for a much smaller message") {
  BufferPool pool(10 << 20);
  BufferPool::Buffer first = pool.take(1 << 20);
  const char* const place = first.bytes.get();
  pool.give_back(std::move(first));
  const BufferPool::Buffer small = pool.take(200'000);
  CHECK(small.bytes.get() != place);
  const BufferPool::Buffer large = pool.take((1 << 20) - 5000);
  CHECK(large.bytes.get() == place);
  CHECK(large.capacity >= (1 << 20));
}

TEST_CASE("a pool keeps no more idle bytes than it may") {
  BufferPool pool(1 << 20);
  BufferPool::Buffer kept = pool.take(1 << 20);
  BufferPool::Buffer freed = pool.take(1 << 20);
  const char* const place = kept.bytes.get();
  pool.give_back(std::move(kept));
  pool.give_back(std::move(freed));
  const BufferPool::Buffer again = pool.take(1 << 20);
  CHECK(again.bytes.get() == place);
}

}  // namespace Atoll
