#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "launcher/list_request.h"

namespace Atoll {

// What was answered, put together: nodes have their names, the rows their order, and there are no more than were asked
// for.
struct StateTable {
  StateKind kind = StateKind::kNodes;
  std::vector<const StateColumn*> columns;
  std::vector<StateRow> rows;  // by `columns`
  std::uint64_t total = 0;
  std::uint64_t finished = 0;  // of tasks
  std::uint64_t failed = 0;
  std::vector<std::string> warnings;
};

// Takes the rows as they came, by the question's columns.
StateTable make_table(const ListRequest& request, const Peers& peers, std::vector<StateRow> rows);

// A table for people that is `width` wide at most; `chosen` leaves no column out for that.
std::string table_to_text(const StateTable& table, std::size_t width, bool chosen);
// {"kind","total","rows",…} of atoll-list(1).
std::string table_to_json(const StateTable& table, int indent);
void row_to_json(const StateTable& table, const StateRow& row, nlohmann::ordered_json& out);

// Cuts ids as short as they differ among all that are in `rows`.
class ShortIds {
 public:
  explicit ShortIds(const StateTable& table);
  std::string operator()(const std::string& id) const;

 private:
  std::size_t digits_ = 6;
};

// For people: "12 min", "2 GiB", "yes".
std::string cell_to_text(const StateCell& cell, ColumnType type, const ShortIds& ids);

}  // namespace Atoll
