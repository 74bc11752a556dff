// The JSON of atoll-list(1).

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

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

// The first `count` words, the last of them with all that follows.
std::vector<std::string> words_of(const std::string& item, std::size_t count) {
  std::vector<std::string> words;
  std::size_t at = 0;
  for (std::size_t blank; words.size() + 1 < count && (blank = item.find(' ', at)) != std::string::npos; at = blank + 1)
    words.push_back(item.substr(at, blank - at));
  words.push_back(item.substr(at));
  words.resize(count, "-");
  return words;
}

ordered_json text_or_null(const std::string& word) { return word == "-" ? ordered_json(nullptr) : ordered_json(word); }
ordered_json whole(const std::string& word) { return std::strtoll(word.c_str(), nullptr, 10); }
ordered_json whole_or_null(const std::string& word) { return word == "-" ? ordered_json(nullptr) : whole(word); }
ordered_json number_or_null(const std::string& word) {
  return word == "-" ? ordered_json(nullptr) : ordered_json(std::strtod(word.c_str(), nullptr));
}

ordered_json numbers_of(const std::string& word) {
  ordered_json numbers = ordered_json::array();
  std::istringstream in(word == "-" ? "" : word);
  for (std::string number; std::getline(in, number, ',');) numbers.push_back(whole(number));
  return numbers;
}

// As ColumnType describes them.
ordered_json item_json(const std::string& item, ColumnType type) {
  switch (type) {
    case ColumnType::kHolders: {
      const auto words = words_of(item, 2);
      return {{"process", words[0]}, {"times", whole(words[1])}};
    }
    case ColumnType::kGpus: {
      const auto words = words_of(item, 6);
      return {{"index", whole(words[0])},         {"island", whole(words[1])},      {"numa", whole_or_null(words[2])},
              {"free", number_or_null(words[3])}, {"uuid", text_or_null(words[4])}, {"model", text_or_null(words[5])}};
    }
    case ColumnType::kLinks: {
      const auto words = words_of(item, 3);
      return {{"a", whole(words[0])}, {"b", whole(words[1])}, {"gbps", number_or_null(words[2])}};
    }
    case ColumnType::kPlaces: {
      const auto words = words_of(item, 3);
      return {{"bundle", whole(words[0])}, {"node", text_or_null(words[1])}, {"gpus", numbers_of(words[2])}};
    }
    default:
      return item;
  }
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
