#include "launcher/explain_words.h"

#include "launcher/state_table.h"

namespace Atoll {

bool StateRecord::has(const std::string& key) const {
  const auto entry = cells.find(key);
  return entry != cells.end() && entry->second.kind != CellKind::kNone;
}
std::string StateRecord::text(const std::string& key) const {
  const auto entry = cells.find(key);
  return entry == cells.end() ? "" : entry->second.text;
}
double StateRecord::number(const std::string& key) const {
  const auto entry = cells.find(key);
  return entry == cells.end() ? 0 : entry->second.number;
}
std::vector<std::string> StateRecord::list(const std::string& key) const {
  const auto entry = cells.find(key);
  return entry == cells.end() ? std::vector<std::string>() : entry->second.list;
}

std::string time_words(const StateRecord& thing, const std::string& key) {
  const auto entry = thing.cells.find(key);
  return cell_to_text(entry == thing.cells.end() ? StateCell() : entry->second, ColumnType::kSeconds,
                      ShortIds(StateTable()));
}

std::string amount_words(double amount) {
  return cell_to_text({CellKind::kNumber, amount, "", {}}, ColumnType::kAmount, ShortIds(StateTable()));
}

std::string times_words(double times) { return times == 1 ? "once" : amount_words(times) + " times"; }

std::string who_words(const ExplainFacts& facts, const std::string& process) {
  const auto known = facts.processes.find(process);
  return known == facts.processes.end() ? "process " + process + ", which is gone or outside of the cluster,"
                                        : known->second;
}

std::string name_words(const StateRecord& thing) {
  return thing.text("name").empty() ? "" : " '" + thing.text("name") + "'";
}

}  // namespace Atoll
