#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace Atoll::testing {

// Makes texts out of others. Everything follows from the seed.
class TextMutator {
 public:
  TextMutator(std::uint64_t seed, std::vector<std::string> texts, std::vector<std::string> words)
      : random_(seed), texts_(std::move(texts)), words_(std::move(words)) {}

  std::string next() {
    std::string text = pick(texts_);
    for (std::size_t changes = 1 + below(6); changes > 0; --changes) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }
  const std::string& pick(const std::vector<std::string>& all) { return all[below(all.size())]; }

  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1), length = below(1 + below(80));
    switch (below(12)) {
      case 0:
        text.resize(at);
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, pick(words_));
        break;
      case 3:
        text.replace(at, below(8), pick(words_));
        break;
      case 4:
        text.insert(at, text.substr(below(text.size() + 1), length));
        break;
      case 5:
        if (at < text.size()) text[at] = static_cast<char>(random_());
        break;
      case 6:
        text.insert(at, pick(texts_).substr(0, below(2000)));
        break;
      case 7:
      case 8:
        change_line(text, at);
        break;
      default:
        change_number(text, at);
    }
  }

  // Puts another number in the place of the next one, so that the text often stays well-formed.
  void change_number(std::string& text, std::size_t at) {
    const std::size_t begin = text.find_first_of("0123456789", at);
    if (begin == std::string::npos) return;
    const std::size_t end = std::min(text.find_first_not_of("0123456789", begin), text.size());
    const std::size_t ends[] = {2, 4, 20, 5000};
    text.replace(begin, end - begin, std::to_string(below(ends[below(4)])));
  }

  // Takes out or doubles the line around `at`.
  void change_line(std::string& text, std::size_t at) {
    const std::size_t before = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (below(2) == 0)
      text.erase(begin, end - begin + 1);
    else
      text.insert(begin, text.substr(begin, end - begin) + "\n");
  }

  std::mt19937_64 random_;
  std::vector<std::string> texts_;
  std::vector<std::string> words_;
};

}  // namespace Atoll::testing
