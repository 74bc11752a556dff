#include "runtime/base/nodelist.h"

#include <algorithm>
#include <charconv>
#include <tuple>

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

// A name that ends with digits: "rack2-n", "017", 17. Of very many digits the first are part of the stem.
struct NumberedName {
  std::string stem, digits;
  unsigned long number = 0;

  explicit NumberedName(const std::string& name) {
    const std::size_t last = name.find_last_not_of("0123456789");
    const std::size_t start = last == std::string::npos ? 0 : last + 1;
    const std::size_t most = 9;
    const std::size_t split = std::max(start, name.size() - std::min(name.size(), most));
    stem = name.substr(0, split);
    digits = name.substr(split);
    read_number(digits, number);
  }
  auto key() const { return std::tuple(std::string_view(stem), number, digits.size()); }
  bool is_followed_by(const NumberedName& next, std::size_t width) const {
    return next.number == number + 1 && next.digits == padded(next.number, width);
  }
};

// "1-3,7" of the numbers of one stem, in their order.
std::string ranges_of(const std::vector<NumberedName>& names) {
  std::string text;
  for (std::size_t first = 0, last = 0; first < names.size(); first = ++last) {
    while (last + 1 < names.size() && names[last].is_followed_by(names[last + 1], names[first].digits.size())) ++last;
    text += (text.empty() ? "" : ",") + names[first].digits;
    if (last != first) text += "-" + names[last].digits;
  }
  return text;
}

std::string fold_stem(const std::vector<NumberedName>& names) {
  if (names.size() == 1) return names.front().stem + names.front().digits;
  return names.front().stem + "[" + ranges_of(names) + "]";
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

std::string fold_nodelist(Names names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::vector<NumberedName> numbered(names.begin(), names.end());
  std::sort(numbered.begin(), numbered.end(), [](const auto& a, const auto& b) { return a.key() < b.key(); });
  std::string text;
  std::vector<NumberedName> group;
  const auto finish_group = [&] {
    if (!group.empty()) text += (text.empty() ? "" : ",") + fold_stem(group);
    group.clear();
  };
  for (NumberedName& name : numbered) {
    // A name without a number stands alone, since "login[,1]" is no list.
    if (!group.empty() && (group.front().stem != name.stem || group.front().digits.empty())) finish_group();
    group.push_back(std::move(name));
  }
  finish_group();
  return text;
}

std::string join_names(const Names& names, std::size_t most) {
  std::string text;
  const std::size_t shown = names.size() > most + 1 ? most : names.size();
  for (std::size_t i = 0; i < shown; ++i) text += (i ? ", " : "") + names[i];
  if (shown < names.size()) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

}  // namespace Atoll
