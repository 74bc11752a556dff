#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/wire/state_messages.h"

namespace Atoll {

// Cells of what tables know. A number is exact up to 2^53.
template <typename Number>
requires std::is_arithmetic_v<Number> StateCell cell_of(Number number) {
  return {CellKind::kNumber, static_cast<double>(number), "", {}};
}
inline StateCell cell_of(std::string text) { return {CellKind::kText, 0, std::move(text), {}}; }
inline StateCell cell_of(const char* text) { return cell_of(std::string(text)); }
inline StateCell cell_of(std::vector<std::string> list) { return {CellKind::kList, 0, "", std::move(list)}; }
inline StateCell cell_of(ProcessId id) { return id == ProcessId::kNone ? StateCell() : cell_of(to_string(id)); }
// Its rank: the tool knows the names.
inline StateCell cell_of(NodeId id) {
  return id == NodeId::kNone ? StateCell() : cell_of(static_cast<std::uint32_t>(id));
}
template <typename Tag>
StateCell cell_of(const GlobalId<Tag>& id) {
  return id.is_none() ? StateCell() : cell_of(to_string(id));
}
// A cell's number as what can be counted: others say what they like. The nearest there is; 0 for what is none.
std::uint64_t count_of(double number);
inline StateCell text_or_none(std::string text) { return text.empty() ? StateCell() : cell_of(std::move(text)); }

// Whether the cell passes. What is not known passes none but kNotEqual.
bool matches(const StateCell& cell, const StateFilter& filter);
// Whether `typed` is the id, or its process cut short: "4f1c" and "4f1c-12" are "4f1c09aa71b2e690-12".
bool is_id_of(const std::string& typed, const std::string& id);

// -1, 0 or 1, as `a` stands before, beside or behind `b`; what is not known stands last.
int compare(const StateCell& a, const StateCell& b);
// The same for cells of the question's sort key, whichever end it has first; what is not known stands last even so.
int compare_by(const GetState& question, const StateCell& a, const StateCell& b);

}  // namespace Atoll
