#include "launcher/bind_text.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "launcher/status_text.h"
#include "launcher/topo_layout.h"

namespace Atoll {

namespace {

using nlohmann::ordered_json;

constexpr const char* kHeader = "atoll-bind 1\n";
constexpr const char* kEnd = "end\n";

std::vector<int> indices_of(const std::vector<GpuInfo>& gpus) {
  std::vector<int> indices;
  for (const GpuInfo& gpu : gpus) indices.push_back(gpu.index);
  return indices;
}

std::vector<std::string> nics_of(const TaskBinding& task) {
  std::vector<std::string> names;
  for (const GpuInfo& gpu : task.gpus)
    for (const std::string& nic : gpu.nics)
      if (std::find(names.begin(), names.end(), nic) == names.end()) names.push_back(nic);
  return names;
}

// In their order, unlike to_string(CpuList).
std::string listed(const std::vector<int>& numbers) {
  std::string text;
  for (const int number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
  return text.empty() ? "-" : text;
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string islands_of(const TaskBinding& task) {
  std::string text;
  for (const int island : task.islands)
    text += (text.empty() ? "" : ",") + island_name(static_cast<std::size_t>(island));
  return or_dash(text);
}

std::string table_of(const BindReport& report) {
  std::vector<std::vector<std::string>> rows = {{"rank", "task", "GPUs", "island", "NUMA", "CPUs", "nearest NICs"}};
  for (std::size_t i = 0; i < report.binding->tasks.size(); ++i) {
    const TaskBinding& task = report.binding->tasks[i];
    rows.push_back({std::to_string(report.ranks[i]), std::to_string(i), listed(indices_of(task.gpus)), islands_of(task),
                    listed(task.numa), or_dash(to_string(task.cpus)), printable(joined_names(nics_of(task)), 60)});
  }
  return format_table(rows);
}

std::string title_of(const BindReport& report) {
  const std::size_t tasks = report.binding->tasks.size();
  return printable(report.node, 60) + ": " + std::to_string(tasks) + (tasks == 1 ? " task" : " tasks") + ", " +
         to_string(report.mode) + "\n";
}

ordered_json task_json(const TaskBinding& task, std::size_t number, int rank) {
  return {{"task", number},    {"rank", rank},      {"gpus", indices_of(task.gpus)}, {"islands", task.islands},
          {"numa", task.numa}, {"cpus", task.cpus}, {"nics", nics_of(task)},         {"environment", task.environment}};
}

Status append_set(const std::string& name, const std::string& value, std::string& text) {
  if (value.find_first_of(std::string("\n\r\0", 3)) != std::string::npos)
    return {Code::kInvalidArgument, "the value of " + name + " has a line's end"};
  text += "set " + name + "=" + value + "\n";
  return Status();
}

// Takes a number off the front.
std::optional<int> take_number(std::string_view& text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0 || text.starts_with('-')) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

Status append_range(std::string_view range, std::vector<int>& ranks) {
  const std::optional<int> first = take_number(range);
  std::optional<int> last = first;
  if (first && range.starts_with('-')) {
    range.remove_prefix(1);
    last = take_number(range);
  }
  if (!first || !last || !range.empty() || *last < *first)
    return {Code::kInvalidArgument, "it takes numbers such as 0,8-11"};
  if (*last - *first >= kMaxBindTasks - static_cast<int>(ranks.size()))
    return {Code::kInvalidArgument, "it has more than " + std::to_string(kMaxBindTasks) + " numbers"};
  for (int rank = *first; rank < *last; ++rank) ranks.push_back(rank);
  ranks.push_back(*last);
  return Status();
}

}  // namespace

std::string bind_to_text(const BindReport& report) {
  if (!report.binding) return printable(report.node, 60) + ": nothing is bound: " + printable(report.reason) + "\n";
  std::string text = title_of(report) + table_of(report);
  if (report.binding->only_described) text += "CPUs and memory stay as they are: a file describes this machine\n";
  for (const std::string& note : report.binding->notes) text += "note: " + printable(note) + "\n";
  return text;
}

std::string bind_to_json(const BindReport& report) {
  ordered_json tasks = ordered_json::array(), notes = ordered_json::array();
  for (std::size_t i = 0; report.binding && i < report.binding->tasks.size(); ++i)
    tasks.push_back(task_json(report.binding->tasks[i], i, report.ranks[i]));
  if (report.binding) notes = report.binding->notes;
  const ordered_json object = {{"node", report.node},
                               {"mode", to_string(report.mode)},
                               {"reason", report.binding ? ordered_json(nullptr) : ordered_json(report.reason)},
                               {"only_described", report.binding && report.binding->only_described},
                               {"tasks", std::move(tasks)},
                               {"notes", std::move(notes)}};
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<std::string> bind_for_plugin(const NodeBinding& binding) {
  std::string text = kHeader;
  for (std::size_t i = 0; i < binding.tasks.size(); ++i) {
    const TaskBinding& task = binding.tasks[i];
    text += "task " + std::to_string(i) + "\n";
    if (!binding.only_described && !task.cpus.empty()) text += "cpus " + to_string(task.cpus) + "\n";
    if (!binding.only_described && !task.numa.empty()) text += "memory " + to_string(CpuList(task.numa)) + "\n";
    for (const auto& [name, value] : task.environment) ATOLL_RETURN_IF_ERROR(append_set(name, value, text));
  }
  text += kEnd;
  if (text.size() <= kMaxBindBytes) return text;
  return Status(Code::kInvalidArgument,
                "the binding of " + std::to_string(binding.tasks.size()) + " tasks takes more than 1 MiB to say");
}

std::string nothing_for_plugin() { return std::string(kHeader) + "nothing\n" + kEnd; }

Result<std::vector<int>> parse_ranks(std::string_view text) {
  std::vector<int> ranks;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (comma != std::string_view::npos && comma + 1 == text.size())
      return Status(Code::kInvalidArgument, "it takes numbers such as 0,8-11");
    ATOLL_RETURN_IF_ERROR(append_range(text.substr(0, comma), ranks));
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
  }
  return ranks;
}

}  // namespace Atoll
