#include "topology/words.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>

namespace Atoll {

namespace {

constexpr std::string_view kBlank = " \t\r\v\f";
constexpr std::string_view kSpace = " \t\r\n\v\f";
constexpr std::size_t kMaxQuoted = 40;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The run of digits or of anything else that begins at `at`.
std::string_view run_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end]) == is_digit(text[at])) ++end;
  return text.substr(at, end - at);
}

int compare_numbers(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

// Reads 1 to `most` hexadecimal digits off the front of `text`.
std::optional<unsigned> take_hex(std::string_view& text, std::size_t most) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + std::min(text.size(), most), number, 16);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::vector<std::string_view> split_fields(std::string_view text, char separator) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t end = text.find(separator);
    fields.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return fields;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(kSpace, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kSpace, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::optional<int> to_index(std::string_view word, int most) {
  int number = 0;
  if (word.empty() || !is_digit(word.front())) return std::nullopt;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || number > most) return std::nullopt;
  return number;
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

bool natural_less(std::string_view a, std::string_view b) {
  std::size_t at_a = 0, at_b = 0;
  while (at_a < a.size() && at_b < b.size()) {
    const std::string_view x = run_at(a, at_a), y = run_at(b, at_b);
    const int order = is_digit(x[0]) && is_digit(y[0]) ? compare_numbers(x, y) : x.compare(y);
    if (order != 0) return order < 0;
    at_a += x.size();
    at_b += y.size();
  }
  if (a.size() - at_a != b.size() - at_b) return a.size() - at_a < b.size() - at_b;
  return a < b;  // 07 and 7 are two names
}

std::string normal_pci(std::string_view address) {
  const std::string lower = to_lower(trim(address));
  std::string_view rest = lower;
  const bool with_domain = std::count(lower.begin(), lower.end(), ':') == 2;
  const std::optional<unsigned> domain = with_domain ? take_hex(rest, 8) : 0;
  if (!domain || (with_domain && !take(rest, ':'))) return lower;
  const std::optional<unsigned> bus = take_hex(rest, 2);
  if (!bus || !take(rest, ':')) return lower;
  const std::optional<unsigned> device = take_hex(rest, 2);
  if (!device || !take(rest, '.')) return lower;
  const std::optional<unsigned> function = take_hex(rest, 1);
  if (!function || !rest.empty()) return lower;
  char text[32];
  std::snprintf(text, sizeof text, "%04x:%02x:%02x.%x", *domain, *bus, *device, *function);
  return text;
}

std::string quote(std::string_view text) {
  std::string quoted(text.substr(0, kMaxQuoted));
  for (char& c : quoted)
    if (c < 0x20 || c > 0x7e) c = '?';
  return quoted;
}

}  // namespace Atoll
