#pragma once

#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// What a fuzz program does without libFuzzer.
namespace FuzzRun {

inline void try_one(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

inline std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// One to four changes: a byte, a piece cut out or doubled, a piece of another seed, or a word of the format.
inline std::string mutate(std::string bytes, const std::vector<std::string>& seeds,
                          const std::vector<std::string>& words, std::mt19937_64& random) {
  const auto below = [&](std::size_t end) { return end == 0 ? 0 : random() % end; };
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    const std::size_t at = below(bytes.size() + 1), length = below(1 + (below(4) == 0 ? bytes.size() : 16));
    const std::string& other = seeds[below(seeds.size())];
    switch (below(5)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes.erase(at, length);
        break;
      case 2:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 3:
        bytes.insert(at, other.substr(below(other.size()), length));
        break;
      default:
        bytes.insert(at, words[below(words.size())]);
    }
  }
  return bytes;
}

// With arguments tries these files; without, the seeds and `rounds` mutations of them, the same ones each time.
inline int run(int argc, char** argv, const std::vector<std::string>& seeds, const std::vector<std::string>& words,
               int rounds) {
  for (int i = 1; i < argc; ++i) {
    try_one(read(argv[i]));
    std::cout << argv[i] << ": tried\n";
  }
  if (argc > 1) return 0;
  for (const std::string& seed : seeds) try_one(seed);
  std::mt19937_64 random(1);
  for (int round = 0; round < rounds; ++round) try_one(mutate(seeds[random() % seeds.size()], seeds, words, random));
  std::cout << seeds.size() << " seeds and " << rounds << " mutations of them\n";
  return 0;
}

}  // namespace FuzzRun
