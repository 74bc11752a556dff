#include "runtime/state/cells.h"

#include <algorithm>
#include <cmath>
#include <compare>

namespace Atoll {
namespace {

bool holds(FilterOp op, std::partial_ordering order) {
  switch (op) {
    case FilterOp::kEqual:
      return order == 0;
    case FilterOp::kNotEqual:
      return order != 0;
    case FilterOp::kLess:
      return order < 0;
    case FilterOp::kAtMost:
      return order <= 0;
    case FilterOp::kMore:
      return order > 0;
    case FilterOp::kAtLeast:
      return order >= 0;
    case FilterOp::kContains:
      return false;
  }
  return false;
}

bool is_any_of(const StateFilter& filter, const std::string& text) {
  const auto is_it = [&](const std::string& wanted) { return filter.is_id ? is_id_of(wanted, text) : wanted == text; };
  return is_it(filter.text) || std::ranges::any_of(filter.others, is_it);
}

bool text_holds(const std::string& text, const StateFilter& filter) {
  if (filter.op == FilterOp::kContains) return text.find(filter.text) != std::string::npos;
  if (filter.op == FilterOp::kEqual) return is_any_of(filter, text);
  if (filter.is_id && filter.op == FilterOp::kNotEqual) return !is_id_of(filter.text, text);
  return holds(filter.op, text <=> filter.text);
}

}  // namespace

std::uint64_t count_of(double number) {
  constexpr double kMost = 9.2e18;
  return std::isnan(number) ? 0 : static_cast<std::uint64_t>(std::clamp(number, 0.0, kMost));
}

bool is_id_of(const std::string& typed, const std::string& id) {
  const std::size_t dash = typed.find('-');
  if (dash == std::string::npos) return !typed.empty() && id.starts_with(typed);
  const std::size_t its_dash = id.find('-');
  return its_dash != std::string::npos && dash > 0 && id.starts_with(typed.substr(0, dash)) &&
         id.substr(its_dash) == typed.substr(dash);
}

bool matches(const StateCell& cell, const StateFilter& filter) {
  switch (cell.kind) {
    case CellKind::kNone:
      break;
    case CellKind::kNumber:
      return holds(filter.op, cell.number <=> filter.number);
    case CellKind::kText:
      return text_holds(cell.text, filter);
    case CellKind::kList: {  // of a list any, and none for kNotEqual
      const bool all = filter.op == FilterOp::kNotEqual;
      const auto passes = [&filter](const std::string& item) { return text_holds(item, filter); };
      return all ? std::ranges::all_of(cell.list, passes) : std::ranges::any_of(cell.list, passes);
    }
  }
  return filter.op == FilterOp::kNotEqual;
}

int compare(const StateCell& a, const StateCell& b) {
  if (a.kind != b.kind) {
    if (a.kind == CellKind::kNone || b.kind == CellKind::kNone) return a.kind == CellKind::kNone ? 1 : -1;
    return a.kind < b.kind ? -1 : 1;
  }
  const auto sign = [](auto order) { return order < 0 ? -1 : order > 0 ? 1 : 0; };
  if (a.kind == CellKind::kNumber) return sign(std::weak_order(a.number, b.number));  // also of what is no number
  return a.kind == CellKind::kText ? sign(a.text <=> b.text) : sign(a.list <=> b.list);
}

int compare_by(const GetState& question, const StateCell& a, const StateCell& b) {
  const bool any_unknown = a.kind == CellKind::kNone || b.kind == CellKind::kNone;
  return question.descending && !any_unknown ? -compare(a, b) : compare(a, b);
}

}  // namespace Atoll
