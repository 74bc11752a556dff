#include "topology/gpu_maker.h"

#include <algorithm>
#include <cctype>

namespace Atoll {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Whether a word of the model, in lower case, is one that only AMD uses.
bool is_of_amd(const std::string& word) {
  for (const char* begin : {"amd", "radeon", "instinct", "gfx"})
    if (word.starts_with(begin)) return true;
  return word.size() > 3 && word.starts_with("mi") && is_digit(word[2]) && is_digit(word[3]);
}

}  // namespace

Maker maker_of(const Machine& machine, const GpuInfo& gpu) {
  const bool xgmi = std::any_of(machine.links.begin(), machine.links.end(), [&](const Link& link) {
    return link.kind == LinkKind::kXgmi && (link.a == gpu.index || link.b == gpu.index);
  });
  std::string word;
  for (const char c : gpu.model + " ") {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) != 0) {
      word += static_cast<char>(std::tolower(letter));
      continue;
    }
    if (is_of_amd(word)) return Maker::kAmd;
    word.clear();
  }
  return xgmi ? Maker::kAmd : Maker::kNvidia;
}

}  // namespace Atoll
