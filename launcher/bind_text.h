#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"
#include "topology/task_binding.h"

namespace Atoll {

// What `atoll bind` found out.
struct BindReport {
  std::string node;
  BindMode mode = BindMode::kPack;
  std::vector<int> ranks;              // of the tasks, by local number
  std::optional<NodeBinding> binding;  // none: nothing is bound
  std::string reason;                  // why nothing is bound, a sentence without a full stop
};

// The table for people, and the JSON of atoll-bind(1).
std::string bind_to_text(const BindReport& report);
std::string bind_to_json(const BindReport& report);

// What the Slurm plugin reads, atoll-bind(1) has the form: of a machine that is only described without CPUs and memory.
// kInvalidArgument with one sentence for what the form cannot say: a value with a line's end, more than kMaxBindBytes.
inline constexpr std::size_t kMaxBindBytes = 1 << 20;
Result<std::string> bind_for_plugin(const NodeBinding& binding);
std::string nothing_for_plugin();

// "0,8-11" as numbers in this order; "" is none. kInvalidArgument for anything else, and for more than kMaxBindTasks.
inline constexpr int kMaxBindTasks = 65536;
Result<std::vector<int>> parse_ranks(std::string_view text);

}  // namespace Atoll
