// Tables for people.

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "launcher/state_table.h"
#include "launcher/status_text.h"
#include "runtime/base/words.h"
#include "runtime/scheduler/explanation_words.h"
#include "runtime/state/cells.h"

namespace Atoll {
namespace {

constexpr std::size_t kGap = 2;
// A text that is longer than its column ends so.
constexpr std::string_view kCut = "..";
constexpr std::size_t kNarrowest = 14;

std::string amount_text(double amount) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", amount);
  std::string trimmed = text;
  trimmed.erase(trimmed.find_last_not_of('0') + 1);
  if (trimmed.ends_with('.')) trimmed.pop_back();
  return trimmed;
}

std::string item_text(const std::string& item, ColumnType type, const ShortIds& ids) {
  if (type == ColumnType::kIds) return ids(item);
  const std::size_t blank = item.find(' ');
  if (type != ColumnType::kHolders || blank == std::string::npos) return item;
  const std::string times = item.substr(blank + 1);
  return ids(item.substr(0, blank)) + (times == "1" ? "" : " x" + times);
}

std::string number_text(double number, ColumnType type) {
  switch (type) {
    case ColumnType::kBytes:
      return format_bytes(count_of(number));
    case ColumnType::kSeconds:
      if (!(number < 10)) return format_seconds(number);
      return format_duration(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(std::max(number, 0.0))));
    case ColumnType::kFlag:
      return number != 0 ? "yes" : "no";
    default:
      return amount_text(number);
  }
}

// A line is a line, whatever a process is called.
std::string on_one_line(std::string text) {
  for (char& letter : text)
    if (static_cast<unsigned char>(letter) < ' ') letter = ' ';
  return text;
}

struct Layout {
  std::vector<std::vector<std::string>> cells;  // by row, the head first
  std::vector<std::size_t> widths;
  std::vector<bool> right, shrinks;

  std::size_t width() const {
    std::size_t sum = 0;
    for (const std::size_t each : widths) sum += each + kGap;
    return sum == 0 ? 0 : sum - kGap;
  }
};

Layout lay_out(const StateTable& table) {
  const ShortIds ids(table);
  Layout layout;
  layout.cells.resize(table.rows.size() + 1);
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const StateColumn& column = *table.columns[i];
    layout.right.push_back(is_number(column.type) && column.type != ColumnType::kFlag);
    layout.shrinks.push_back(!is_number(column.type) && column.type != ColumnType::kId &&
                             column.type != ColumnType::kNode);
    std::string title = column.key;
    std::ranges::replace(title, '_', ' ');
    layout.cells[0].push_back(title);
    for (std::size_t row = 0; row < table.rows.size(); ++row)
      layout.cells[row + 1].push_back(on_one_line(cell_to_text(table.rows[row].cells[i], column.type, ids)));
    std::size_t width = 0;
    for (const std::vector<std::string>& row : layout.cells) width = std::max(width, row.back().size());
    layout.widths.push_back(width);
  }
  return layout;
}

// Takes from the widest texts first. Returns whether it fits then.
bool shrink(Layout& layout, std::size_t width) {
  while (layout.width() > width) {
    std::size_t widest = layout.widths.size();
    for (std::size_t i = 0; i < layout.widths.size(); ++i)
      if (layout.shrinks[i] && layout.widths[i] > kNarrowest &&
          (widest == layout.widths.size() || layout.widths[i] > layout.widths[widest]))
        widest = i;
    if (widest == layout.widths.size()) return false;
    layout.widths[widest] -= std::min(layout.width() - width, layout.widths[widest] - kNarrowest);
  }
  return true;
}

std::string print(const Layout& layout) {
  std::string text;
  for (const std::vector<std::string>& row : layout.cells) {
    std::string line;
    for (std::size_t i = 0; i < layout.widths.size(); ++i) {
      std::string cell = row[i];
      if (cell.size() > layout.widths[i]) cell = cell.substr(0, layout.widths[i] - kCut.size()) + std::string(kCut);
      const std::string blanks(layout.widths[i] - cell.size(), ' ');
      line += (i == 0 ? "" : std::string(kGap, ' ')) + (layout.right[i] ? blanks + cell : cell + blanks);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string remarks(const StateTable& table, const std::vector<std::string>& left_out) {
  const std::string name = info_of(table.kind).name;
  std::string text;
  if (table.rows.size() < table.total)
    text += std::to_string(table.rows.size()) + " of " + std::to_string(table.total) + " " + name +
            "; --limit and --filter choose others\n";
  if (!left_out.empty()) text += "no room here for " + join_words(left_out) + ": --columns, or --json\n";
  if (table.kind == StateKind::kTasks)
    text += std::to_string(table.finished) + " tasks and calls of those that own these have ended well, " +
            std::to_string(table.failed) + " have failed; the last 1000 failed of each are listed\n";
  return text.empty() ? "" : "\n" + text;
}

}  // namespace

std::string cell_to_text(const StateCell& cell, ColumnType type, const ShortIds& ids) {
  switch (cell.kind) {
    case CellKind::kNone:
      return "-";
    case CellKind::kNumber:
      return number_text(cell.number, type);
    case CellKind::kText:
      return type == ColumnType::kId ? ids(cell.text) : cell.text;
    case CellKind::kList:
      break;
  }
  std::string text;
  for (const std::string& item : cell.list) text += (text.empty() ? "" : ", ") + item_text(item, type, ids);
  return text.empty() ? "-" : text;
}

std::string table_to_text(const StateTable& table, std::size_t width, bool chosen) {
  std::vector<std::string> left_out;
  if (table.rows.empty()) return "no " + std::string(info_of(table.kind).name) + "\n" + remarks(table, left_out);
  StateTable fitting = table;
  Layout layout = lay_out(fitting);
  while (!shrink(layout, width) && !chosen && fitting.columns.size() > 1) {
    left_out.insert(left_out.begin(), fitting.columns.back()->key);
    fitting.columns.pop_back();
    layout = lay_out(fitting);
  }
  return print(layout) + remarks(table, left_out);
}

}  // namespace Atoll
