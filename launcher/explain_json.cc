#include "launcher/explain_json.h"

#include <nlohmann/json.hpp>

#include "runtime/base/nodelist.h"

namespace Atoll {
namespace {

using Found = ExplainSearch::Found;
using nlohmann::ordered_json;

ordered_json row_of(const Found& found) {
  if (found.is_ref) return nullptr;
  StateTable table;
  StateRow row;
  for (const StateColumn& column : info_of(found.thing.kind).columns) {
    table.columns.push_back(&column);
    const auto cell = found.thing.cells.find(column.key);
    row.cells.push_back(cell == found.thing.cells.end() ? StateCell() : cell->second);
  }
  ordered_json entry;
  row_to_json(table, row, entry);
  return entry;
}

}  // namespace

Status check_found(const std::string& typed, const std::vector<Found>& found) {
  if (found.empty())
    return Status(Code::kNotFound, "nothing is known of \"" + typed +
                                       "\": it ended long ago, or never was; atoll list prints what there is");
  std::vector<std::string> ids;
  for (const Found& each : found)
    if (each.id != found.front().id) ids.push_back(each.id);
  if (ids.empty()) return Status();
  ids.insert(ids.begin(), found.front().id);
  return Status(Code::kInvalidArgument, "\"" + typed + "\" may be any of " + join_names(ids) + "; say more of it");
}

std::vector<std::string> sentences_of(const Found& found) {
  return found.is_ref ? explain_ref(found.id, found.facts) : explain(found.thing, found.facts);
}

std::string found_to_json(const std::vector<Found>& found, const std::vector<std::string>& warnings, int indent) {
  ordered_json object = {{"found", ordered_json::array()}};
  for (const Found& each : found)
    object["found"].push_back({{"kind", each.is_ref ? "refs" : info_of(each.thing.kind).name},
                               {"id", each.id},
                               {"text", sentences_of(each)},
                               {"row", row_of(each)}});
  object["warnings"] = warnings;
  return object.dump(indent, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace Atoll
