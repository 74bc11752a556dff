#include "runtime/scheduler/explanation_words.h"

namespace Atoll {

std::string join_words(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
  return text;
}

std::string count_words(int count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : noun.ends_with("ch") ? "es" : "s");
}

std::string number_word(int number) {
  static constexpr const char* kWords[] = {"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"};
  return number >= 2 && number <= 10 ? kWords[number - 2] : std::to_string(number);
}

}  // namespace Atoll
