#include "runtime/state/narrow.h"

#include <algorithm>
#include <string>

namespace Atoll {
namespace {

// Whether what the filter leaves is known by one process, which its text begins with.
bool names_process(StateKind kind, const StateFilter& filter) {
  if (!filter.is_id || filter.op != FilterOp::kEqual) return false;
  if (kind == StateKind::kTasks) return filter.key == "id" || filter.key == "owner";
  return kind == StateKind::kRefs && filter.key == "process";
}

std::string process_in(const std::string& id) { return id.substr(0, id.find('-')); }

bool leaves(const StateFilter& filter, const std::string& process) {
  const auto fits = [&process](const std::string& id) { return process.starts_with(process_in(id)); };
  return fits(filter.text) || std::ranges::any_of(filter.others, fits);
}

}  // namespace

bool may_know(const GetState& question, ProcessId process) {
  return std::ranges::all_of(question.filters, [&](const StateFilter& filter) {
    return !names_process(question.kind, filter) || leaves(filter, to_string(process));
  });
}

bool is_named(const GetState& question, ProcessId process) {
  return std::ranges::any_of(question.filters, [&](const StateFilter& filter) {
    return names_process(question.kind, filter) && filter.others.empty() &&
           process_in(filter.text) == to_string(process);
  });
}

bool may_be_on(const GetState& question, std::uint32_t rank) {
  return std::ranges::all_of(question.filters, [&](const StateFilter& filter) {
    return !daemons_know(question.kind) || filter.key != "node" || filter.op != FilterOp::kEqual ||
           filter.number == rank;
  });
}

}  // namespace Atoll
