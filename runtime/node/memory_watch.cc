#include "runtime/node/memory_watch.h"

#include <algorithm>
#include <charconv>

#include "runtime/base/words.h"

namespace Atoll {
namespace {

const char* words_of(Loss loss) {
  switch (loss) {
    case Loss::kNothing:
      return "more than any other that is idle";
    case Loss::kTasks:
      return "more than any other that runs tasks";
    case Loss::kRestart:
      return "more than any other actor that can be restarted";
    case Loss::kLastTry:
      return "more than any other whose task is not run again";
    case Loss::kActor:
      return "more than any other";
  }
  return "";
}

}  // namespace

std::optional<MemoryHolder> choose_to_end(const std::vector<MemoryHolder>& holders, std::uint64_t limit) {
  const auto counts = [limit](const MemoryHolder& holder) { return holder.bytes >= std::max<std::uint64_t>(limit / 100, 1); };
  std::optional<Loss> loss;
  std::uint64_t most = 0;
  for (const MemoryHolder& holder : holders)
    if (counts(holder) && (!loss || holder.loss <= *loss)) {
      most = holder.loss == loss ? std::max(most, holder.bytes) : holder.bytes;
      loss = holder.loss;
    }
  std::optional<MemoryHolder> chosen;
  for (const MemoryHolder& holder : holders)
    if (counts(holder) && holder.loss == loss && holder.bytes >= most - most / 10 && (!chosen || holder.began > chosen->began))
      chosen = holder;
  return chosen;
}

std::string words_of_shortage(const MemoryShortage& shortage, const MemoryHolder& chosen) {
  return format_bytes(shortage.used) + " of " + format_bytes(shortage.limit) + " used, this worker " +
         format_bytes(chosen.bytes) + ", " + words_of(chosen.loss);
}

Result<double> parse_memory_watch(std::string_view text) {
  if (text == "off") return 0.0;
  double share = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), share);
  if (error == std::errc() && end == text.data() + text.size() && share > 0 && share <= 1) return share;
  return Status(Code::kInvalidArgument, std::string(text) + " must be a share of the node's memory, above 0 and up to 1, or off");
}

}  // namespace Atoll
