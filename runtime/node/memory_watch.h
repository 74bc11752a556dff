#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/base/status.h"

namespace Atoll {

// What a worker uses alone, object memory not counted.
struct WorkerMemory {
  ProcessId worker = ProcessId::kNone;
  std::uint64_t bytes = 0;
};

// More of a node's memory is in use than its watch allows.
struct MemoryShortage {
  Time read{};
  std::uint64_t used = 0;
  std::uint64_t limit = 0;
  std::vector<WorkerMemory> workers;
};

// What the end of a worker costs, the least first.
enum class Loss : std::uint8_t {
  kNothing,    // it is idle
  kTasks,      // its task is run again
  kRestart,    // its actor is started again
  kLastTry,    // its task has no retries left
  kActor,      // its actor is gone
};

struct MemoryHolder {
  ProcessId worker = ProcessId::kNone;
  std::uint64_t bytes = 0;
  Loss loss = Loss::kNothing;
  Time began{};  // when its worker was leased or, for an actor or nobody, started
};

// Whom to end for lack of memory; none: it would not help. A pure function over values.
//
// WATCH-1 idle workers go first, then those whose task is run again, then actors that are restarted, then those whose task is
//         not, then other actors
// WATCH-2 among equals the one that uses most goes, and of those that use nearly as much, a tenth less at most, the one that
//         began last: it has the least to lose
// WATCH-3 who uses less than a hundredth of the limit is left alone: its end would not help
std::optional<MemoryHolder> choose_to_end(const std::vector<MemoryHolder>& holders, std::uint64_t limit);

// "15.6 of 16 GiB used, this worker 9.1 GiB, more than any other that runs tasks".
std::string words_of_shortage(const MemoryShortage& shortage, const MemoryHolder& chosen);

// What --memory-watch may say: a share of the node's memory beyond which a worker is ended, above 0 and up to 1, or 0 for
// "off". kInvalidArgument.
Result<double> parse_memory_watch(std::string_view text);
inline constexpr double kMemoryWatch = 0.95;
inline constexpr Duration kMemoryWatchInterval = std::chrono::milliseconds(250);

}  // namespace Atoll
