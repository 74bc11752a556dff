#pragma once

#include <string>
#include <vector>

namespace Atoll {

// "a", "a and b", "a, b and c".
std::string join_words(const std::vector<std::string>& words);

// "1 node", "12 nodes", "2 leaf switches".
std::string count_words(int count, const std::string& noun);

// "two" to "ten", else digits.
std::string number_word(int number);

}  // namespace Atoll
