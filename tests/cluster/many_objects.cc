// Objects by the million, for many_objects.sh: puts them, passes some of them on to tasks, nests some in others, holds the
// latest thousand and drops the rest.
//
//   many_objects COUNT
//
// Of a thousand 950 have up to 1,000 bytes, 40 up to 90,000 and 10, which lie in object memory, up to a megabyte. It prints
// how much memory of its own it had after half of them and at the end, in KiB, with what is free given back.
#include <atoll/atoll.h>

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace {

using Atoll::Ref;
using Random = std::minstd_rand;

std::size_t up_to(Random& random, std::size_t most) { return std::uniform_int_distribution<std::size_t>(1, most)(random); }

std::string value(Random& random) {
  const std::size_t kind = up_to(random, 1000);
  return std::string(up_to(random, kind <= 950 ? 1'000 : kind <= 990 ? 90'000 : 1'000'000), static_cast<char>(kind % 100));
}

bool is_whole(const std::string& bytes) { return std::ranges::all_of(bytes, [&](char c) { return c == bytes.front(); }); }

std::size_t size_if_whole(const std::string& bytes) { return is_whole(bytes) ? bytes.size() : 0; }
ATOLL_TASK(size_if_whole);

std::size_t size_of_nested(const std::vector<Ref<std::string>>& refs) {
  std::size_t sum = 0;
  for (const Ref<std::string>& ref : refs) sum += size_if_whole(ref.get());
  return sum;
}
ATOLL_TASK(size_of_nested);

long own_kilobytes() {
  ::malloc_trim(0);
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "RssAnon:") return status >> word, std::stol(word);
  return 0;
}

struct Object {
  Ref<std::string> ref;
  std::size_t bytes;
};

// Whether tasks on any node see the latest of them, by themselves and nested in another.
bool are_seen(const std::deque<Object>& objects) {
  std::vector<Ref<std::string>> refs;
  std::size_t expected = 0, sum = 0;
  std::vector<Ref<std::size_t>> sizes;
  for (auto object = objects.end() - std::min<std::ptrdiff_t>(20, std::ssize(objects)); object != objects.end(); ++object) {
    refs.push_back(object->ref);
    expected += object->bytes;
    sizes.push_back(Atoll::task(size_if_whole).cpus(0.5).spread().submit(object->ref));
  }
  const Ref<std::size_t> nested = Atoll::task(size_of_nested).cpus(0.5).spread().submit(Atoll::put(refs));
  for (const Ref<std::size_t>& size : sizes) sum += size.get();
  return sum == expected && nested.get() == expected;
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  if (argc != 2) return 2;
  const long count = std::atol(argv[1]);
  Random random(1);
  std::deque<Object> held;
  long wrong = 0, half = 0;
  for (long i = 1; i <= count; ++i) {
    const std::string bytes = value(random);
    held.push_back({Atoll::put(bytes), bytes.size()});
    if (i % 7 == 0 && held.back().ref.get() != bytes) ++wrong;
    if (i % 5'000 == 0 && !are_seen(held)) ++wrong;
    if (held.size() > 1'000) held.pop_front();
    if (i == count / 2) half = own_kilobytes();
  }
  const long end = own_kilobytes();
  held.clear();
  std::cout << "objects: " << count << "\nwrong: " << wrong << "\nhalf: " << half << "\nend: " << end << std::endl;
  return wrong == 0 ? 0 : 1;
}
