#include "runtime/base/nodelist.h"

#include <charconv>

namespace Atoll {
namespace {

using Names = std::vector<std::string>;

Status malformed(std::string_view what) {
  return Status(Code::kInvalidArgument, "\"" + std::string(what.substr(0, 200)) + "\" is no list of nodes");
}

bool read_number(std::string_view digits, unsigned long& number) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size();
}

std::string padded(unsigned long number, std::size_t width) {
  std::string digits = std::to_string(number);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

// Up to the next `sign` outside of brackets, which is taken from `rest` with it.
std::string_view take_until(std::string_view& rest, char sign) {
  int depth = 0;
  std::size_t end = 0;
  for (; end < rest.size(); ++end) {
    if (rest[end] == '[') ++depth;
    if (rest[end] == ']') --depth;
    if (rest[end] == sign && depth == 0) break;
  }
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), end + 1));
  return piece;
}

// "7" or "001-010": the width of the first number holds for all.
Status add_range(std::string_view range, Names& numbers) {
  const std::size_t dash = range.find('-');
  const std::string_view low = range.substr(0, dash);
  const std::string_view high = dash == std::string_view::npos ? low : range.substr(dash + 1);
  unsigned long first = 0, last = 0;
  if (!read_number(low, first) || !read_number(high, last) || first > last || last - first >= kMaxNodes)
    return malformed(range);
  for (unsigned long number = first; number <= last; ++number) numbers.push_back(padded(number, low.size()));
  return Status();
}

Result<Names> expand_brackets(std::string_view inside) {
  Names numbers;
  while (!inside.empty()) ATOLL_RETURN_IF_ERROR(add_range(take_until(inside, ','), numbers));
  if (numbers.empty()) return malformed("[]");
  return numbers;
}

Status multiply(Names& names, const Names& endings) {
  if (names.size() * endings.size() > kMaxNodes) return malformed("more than a million names");
  Names product;
  product.reserve(names.size() * endings.size());
  for (const std::string& name : names)
    for (const std::string& ending : endings) product.push_back(name + ending);
  names = std::move(product);
  return Status();
}

// One entry of the list, e.g. "a[1-2]b[3-4]".
Result<Names> expand_entry(std::string_view entry) {
  const std::string_view whole = entry;
  Names names = {""};
  while (!entry.empty()) {
    const std::size_t open = std::min(entry.find('['), entry.size());
    if (entry.substr(0, open).find(']') != std::string_view::npos) return malformed(whole);
    ATOLL_RETURN_IF_ERROR(multiply(names, {std::string(entry.substr(0, open))}));
    entry.remove_prefix(open);
    if (entry.empty()) break;
    const std::size_t close = entry.find(']');
    if (close == std::string_view::npos) return malformed(whole);
    Result<Names> numbers = expand_brackets(entry.substr(1, close - 1));
    if (!numbers.ok()) return malformed(whole);
    ATOLL_RETURN_IF_ERROR(multiply(names, *numbers));
    entry.remove_prefix(close + 1);
  }
  return names;
}

}  // namespace

Result<Names> expand_nodelist(std::string_view list) {
  Names all;
  while (!list.empty()) {
    const std::string_view entry = take_until(list, ',');
    if (entry.empty()) return malformed(",");
    Result<Names> names = expand_entry(entry);
    if (!names.ok()) return names.status();
    all.insert(all.end(), names->begin(), names->end());
    if (all.size() > kMaxNodes) return malformed("more than a million names");
  }
  return all;
}

std::string join_names(const Names& names, std::size_t most) {
  std::string text;
  const std::size_t shown = names.size() > most + 1 ? most : names.size();
  for (std::size_t i = 0; i < shown; ++i) text += (i ? ", " : "") + names[i];
  if (shown < names.size()) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

}  // namespace Atoll
