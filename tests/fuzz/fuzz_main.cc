// The main of a fuzz program without libFuzzer; run it in the source root.
//
//   NAME_fuzz [--seed N] [--seconds N] [FILE…]   tries the seeds, the kept inputs and the files, then texts made of
//   them:
//                                                a fixed number, the same ones each time, or for so many seconds
//   NAME_fuzz --try FILE…                        tries these files only
//   NAME_fuzz --write FOLDER                     writes the seeds, and `words` for libFuzzer's -dict, into the folder
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "tests/support/fuzz_target.h"
#include "tests/support/text_mutator.h"

namespace {

using namespace Atoll::testing;
namespace fs = std::filesystem;

void try_text(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::cerr << path.string() << " cannot be read\n";
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// By name, so that every run makes the same texts.
std::vector<fs::path> kept_inputs(const std::string& name) {
  std::vector<fs::path> paths;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("tests/fuzz/corpus/" + name, none)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

// As libFuzzer reads it: in quotes, with bytes that are no plain characters as \xHH.
std::string dictionary_entry(const std::string& word) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string entry = "\"";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e || c == '"' || c == '\\')
      entry += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    else
      entry += c;
  }
  return entry + "\"\n";
}

int write_target(const FuzzTarget& target, const fs::path& folder) {
  fs::create_directories(folder / "seeds");
  for (std::size_t i = 0; i < target.seeds.size(); ++i)
    std::ofstream(folder / "seeds" / std::to_string(i), std::ios::binary) << target.seeds[i];
  std::ofstream words(folder / "words");
  for (const std::string& word : target.words) words << dictionary_entry(word);
  words.close();
  return words ? 0 : 1;
}

int try_files(int count, char** paths) {
  for (int i = 0; i < count; ++i) {
    std::cout << paths[i] << std::endl;
    try_text(read(paths[i]));
  }
  return 0;
}

int fuzz(const FuzzTarget& target, std::uint64_t seed, int seconds) {
  std::cout << target.name << ": " << target.seeds.size() << " inputs, and texts made of them from seed " << seed
            << std::endl;
  for (const std::string& text : target.seeds) try_text(text);
  TextMutator mutator(seed, target.seeds, target.words);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  long runs = 0;
  for (; seconds > 0 ? std::chrono::steady_clock::now() < end : runs < target.rounds; ++runs) try_text(mutator.next());
  std::cout << target.name << ": tried " << runs << " texts" << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (!fs::is_directory("tests/fuzz")) {
    std::cerr << "there is no tests/fuzz here; run this in the source root\n";
    return 2;
  }
  FuzzTarget target = fuzz_target();
  const std::string first = argc > 1 ? argv[1] : "";
  if (first == "--write" && argc == 3) return write_target(target, argv[2]);
  if (first == "--try") return try_files(argc - 2, argv + 2);
  std::uint64_t seed = 1;
  int seconds = 0;
  for (const fs::path& path : kept_inputs(target.name)) target.seeds.push_back(read(path));
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--seed" && i + 1 < argc)
      seed = std::strtoull(argv[++i], nullptr, 10);
    else if (argument == "--seconds" && i + 1 < argc)
      seconds = std::atoi(argv[++i]);
    else
      target.seeds.push_back(read(argument));
  }
  return fuzz(target, seed, seconds);
}
