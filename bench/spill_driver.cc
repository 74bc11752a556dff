// How fast objects go to disk and come back, for bench/spill.
//
//   spill_driver MIB
//
// Puts so much in pieces of 8 MiB, several times what memory holds, and reads it all in the same order. Prints "put SECONDS"
// and "get SECONDS".

#include <atoll/atoll.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::size_t pieces = std::strtoull(argv[1], nullptr, 10) / 8;
  const std::vector<char> bytes((8 << 20) - 4096, 'e');
  const auto seconds_since = [](Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  std::vector<Atoll::Ref<std::vector<char>>> refs;
  auto begin = Clock::now();
  for (std::size_t i = 0; i < pieces; ++i) refs.push_back(Atoll::put(bytes));
  std::printf("put %.3f\n", seconds_since(begin));
  begin = Clock::now();
  for (const Atoll::Ref<std::vector<char>>& ref : refs)
    if (const Atoll::Array<char> seen = ref.view(); seen[seen.size() - 1] != 'e') std::abort();
  std::printf("get %.3f\n", seconds_since(begin));
}
