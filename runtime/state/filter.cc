#include <cctype>
#include <cmath>
#include <limits>
#include <utility>

#include "runtime/state/columns.h"

namespace Atoll {
namespace {

struct Operator {
  const char* sign;
  FilterOp op;
};
// Those of two characters first.
constexpr Operator kOperators[] = {{"!=", FilterOp::kNotEqual}, {">=", FilterOp::kAtLeast}, {"<=", FilterOp::kAtMost},
                                   {"=", FilterOp::kEqual},     {">", FilterOp::kMore},     {"<", FilterOp::kLess},
                                   {"~", FilterOp::kContains}};

// What follows a number multiplies it: bytes or seconds.
double unit_of(std::string unit, ColumnType type) {
  for (char& letter : unit) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  if (unit.empty()) return 1;
  if (type == ColumnType::kBytes) {
    if (unit == "b") return 1;
    const std::size_t power = std::string("kmgtp").find(unit[0]);
    const bool is_whole = unit.size() == 1 || unit.substr(1) == "ib" || unit.substr(1) == "b";
    return power == std::string::npos || !is_whole ? std::nan("") : std::pow(1024.0, static_cast<double>(power) + 1);
  }
  if (type != ColumnType::kSeconds) return std::nan("");
  return unit == "s" ? 1 : unit == "min" || unit == "m" ? 60 : unit == "h" ? 3600 : std::nan("");
}

// NaN if it is none.
double number_of(const std::string& text, ColumnType type) {
  if (type == ColumnType::kFlag) {
    if (text == "yes" || text == "true" || text == "1") return 1;
    return text == "no" || text == "false" || text == "0" ? 0 : std::nan("");
  }
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !std::isfinite(value)) return std::nan("");
  while (*end == ' ') ++end;
  return value * unit_of(end, type);
}

const char* example_of(ColumnType type) {
  switch (type) {
    case ColumnType::kFlag:
      return "yes or no";
    case ColumnType::kBytes:
      return "bytes, such as 2GiB";
    case ColumnType::kSeconds:
      return "seconds, or such as 5min";
    default:
      return "a number";
  }
}

}  // namespace

Result<StateFilter> parse_filter(StateKind kind, const std::string& text) {
  const std::size_t at = text.find_first_of("!<>=~");
  const auto bad = [&text](const std::string& why) {
    return Status(Code::kInvalidArgument, "the filter \"" + text + "\" " + why);
  };
  if (at == std::string::npos || at == 0)
    return bad("has no comparison; write key=value, or with !=, <, <=, >, >= or ~ (contains)");
  for (const Operator& each : kOperators) {
    const std::string_view sign(each.sign);
    if (std::string_view(text).substr(at, sign.size()) != sign) continue;
    StateFilter filter;
    filter.key = text.substr(0, at);
    filter.op = each.op;
    filter.text = text.substr(at + sign.size());
    filter.number = std::numeric_limits<double>::quiet_NaN();
    Result<const StateColumn*> column = parse_column(kind, filter.key);
    if (!column.ok()) return column.status();
    filter.is_id = is_id((*column)->type);
    if (!is_number((*column)->type)) return filter;
    if (each.op == FilterOp::kContains) return bad("asks what a number contains");
    filter.number = number_of(filter.text, (*column)->type);
    if (std::isnan(filter.number)) return bad(std::string("compares with what is not ") + example_of((*column)->type));
    return filter;
  }
  return bad("has no comparison that is known: !=, =, <, <=, >, >= or ~");
}

}  // namespace Atoll
