// The JSON of atoll-list(1).

#include <cmath>
#include <nlohmann/json.hpp>

#include "launcher/state_table.h"
#include "runtime/state/cells.h"

namespace Atoll {
namespace {

using nlohmann::ordered_json;

ordered_json number_json(double number, ColumnType type) {
  if (type == ColumnType::kFlag) return number != 0;
  if (type == ColumnType::kSeconds) return std::round(number * 1000) / 1000;
  if (type == ColumnType::kAmount) return number;
  if (std::isnan(number)) return nullptr;
  return number < 0 ? -static_cast<std::int64_t>(count_of(-number)) : static_cast<std::int64_t>(count_of(number));
}

ordered_json item_json(const std::string& item, ColumnType type) {
  const std::size_t blank = item.find(' ');
  if (type != ColumnType::kHolders || blank == std::string::npos) return item;
  return {{"process", item.substr(0, blank)}, {"times", std::strtoull(item.c_str() + blank + 1, nullptr, 10)}};
}

ordered_json cell_json(const StateCell& cell, ColumnType type) {
  switch (cell.kind) {
    case CellKind::kNone:
      return nullptr;
    case CellKind::kNumber:
      return number_json(cell.number, type);
    case CellKind::kText:
      return cell.text;
    case CellKind::kList:
      break;
  }
  ordered_json list = ordered_json::array();
  for (const std::string& item : cell.list) list.push_back(item_json(item, type));
  return list;
}

}  // namespace

void row_to_json(const StateTable& table, const StateRow& row, ordered_json& out) {
  out = ordered_json::object();
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    out[table.columns[i]->key] = cell_json(row.cells[i], table.columns[i]->type);
}

std::string table_to_json(const StateTable& table, int indent) {
  ordered_json object = {{"kind", info_of(table.kind).name}, {"total", table.total}, {"rows", ordered_json::array()}};
  for (const StateRow& row : table.rows) {
    ordered_json entry;
    row_to_json(table, row, entry);
    object["rows"].push_back(std::move(entry));
  }
  if (table.kind == StateKind::kTasks) {
    object["finished"] = table.finished;
    object["failed"] = table.failed;
  }
  object["warnings"] = table.warnings;
  return object.dump(indent, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace Atoll
