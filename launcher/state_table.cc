#include "launcher/state_table.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "runtime/state/cells.h"

namespace Atoll {
namespace {

std::size_t place_of(const GetState& question, const std::string& key) {
  return static_cast<std::size_t>(std::ranges::find(question.columns, key) - question.columns.begin());
}

void name_node(StateCell& cell, ColumnType type, const Peers& peers) {
  if (type == ColumnType::kNode && cell.kind == CellKind::kNumber) {
    const std::uint64_t rank = count_of(cell.number);
    const bool known = rank < peers.nodes.size() && !peers.nodes[rank].name.empty();
    cell = cell_of(known ? peers.nodes[rank].name : "rank " + std::to_string(rank));
  } else if (type == ColumnType::kDaemon && cell.kind == CellKind::kText) {
    for (const PeerNode& node : peers.nodes)
      if (to_string(node.daemon.process) == cell.text) return void(cell.text = node.name);
  }
}

void name_nodes(const GetState& question, const Peers& peers, std::vector<StateRow>& rows) {
  for (std::size_t i = 0; i < question.columns.size(); ++i) {
    const StateColumn* column = find_column(question.kind, question.columns[i]);
    if (column == nullptr) continue;
    for (StateRow& row : rows)
      if (i < row.cells.size()) name_node(row.cells[i], column->type, peers);
  }
}

void sort_rows(const GetState& question, std::vector<StateRow>& rows) {
  if (question.sort.empty()) return;
  const std::size_t key = place_of(question, question.sort);
  std::ranges::stable_sort(
      rows, [&](const StateRow& a, const StateRow& b) { return compare_by(question, a.cells[key], b.cells[key]) < 0; });
}

}  // namespace

StateTable make_table(const ListRequest& request, const Peers& peers, std::vector<StateRow> rows) {
  const GetState& question = request.question;
  for (StateRow& row : rows) row.cells.resize(question.columns.size());
  name_nodes(question, peers, rows);
  sort_rows(question, rows);
  StateTable table;
  table.kind = question.kind;
  table.columns = request.shown;
  if (rows.size() > question.limit) rows.resize(question.limit);
  for (StateRow& row : rows) row.cells.resize(request.shown.size());
  table.rows = std::move(rows);
  return table;
}

// ----------------------------------------------------------------------------- ids

ShortIds::ShortIds(const StateTable& table) {
  std::set<std::string> processes;
  const auto add = [&processes](const std::string& id) {
    processes.insert(id.substr(0, std::min(id.find_first_of("- "), id.size())));
  };
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnType type = table.columns[i]->type;
    if (!is_id(type) && type != ColumnType::kHolders) continue;
    for (const StateRow& row : table.rows) {
      if (row.cells[i].kind == CellKind::kText) add(row.cells[i].text);
      for (const std::string& item : row.cells[i].list) add(item);
    }
  }
  // They are in order: those that share most stand side by side.
  const std::string* before = nullptr;
  for (const std::string& process : processes) {
    if (before != nullptr) {
      const auto differs = std::ranges::mismatch(*before, process).in1;
      digits_ = std::max(digits_, static_cast<std::size_t>(differs - before->begin()) + 1);
    }
    before = &process;
  }
}

std::string ShortIds::operator()(const std::string& id) const {
  const std::size_t end = std::min(id.find('-'), id.size());
  return id.substr(0, std::min(digits_, end)) + id.substr(end);
}

}  // namespace Atoll
