#include "topology/hwloc_forms.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdio>

namespace Atoll {

namespace {

constexpr std::size_t kMaxWords = 2048;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_decimal(char c) { return (c >= '0' && c <= '9') || c == '.'; }

// How many characters of `text` match this one of a pattern; 0 for none.
std::size_t match(std::string_view text, char pattern) {
  const auto run = [&](auto is, std::size_t most) {
    std::size_t length = 0;
    while (length < std::min(most, text.size()) && is(text[length])) ++length;
    return length;
  };
  switch (pattern) {
    case 'x':
      return run(is_hex, 1);
    case 'X':
      return run(is_hex, 8);
    case '9':
      return run(is_decimal, 12);
    default:
      return !text.empty() && text[0] == pattern ? 1 : 0;
  }
}

}  // namespace

std::optional<std::uint64_t> hwloc_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool has_form(std::string_view text, std::string_view pattern) {
  for (const char expected : pattern) {
    const std::size_t length = match(text, expected);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return text.empty();
}

std::optional<HwlocWords> hwloc_words(std::string_view text) {
  HwlocWords words;
  if (text.empty()) return std::nullopt;
  for (bool more = true; more;) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view word = text.substr(0, comma);
    std::uint32_t value = 0;
    if (!word.empty()) {
      if (!word.starts_with("0x") || !has_form(word.substr(2), "X")) return std::nullopt;
      word.remove_prefix(2);
      std::from_chars(word.data(), word.data() + word.size(), value, 16);
    }
    words.push_back(value);
    if (words.size() > kMaxWords) return std::nullopt;
    more = comma < text.size();
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  std::reverse(words.begin(), words.end());
  while (!words.empty() && words.back() == 0) words.pop_back();
  return words;
}

std::string to_string(const HwlocWords& words) {
  std::string text;
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    char digits[16];
    std::snprintf(digits, sizeof digits, "%s0x%08x", text.empty() ? "" : ",", static_cast<unsigned>(*word));
    text += digits;
  }
  return text.empty() ? "0x0" : text;
}

std::optional<unsigned> first_of(const HwlocWords& words) {
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] != 0) return static_cast<unsigned>(i * 32) + static_cast<unsigned>(std::countr_zero(words[i]));
  return std::nullopt;
}

bool within(const HwlocWords& part, const HwlocWords& whole) {
  if (part.size() > whole.size()) return false;
  for (std::size_t i = 0; i < part.size(); ++i)
    if ((part[i] & ~whole[i]) != 0) return false;
  return true;
}

}  // namespace Atoll
