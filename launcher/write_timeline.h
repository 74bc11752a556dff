#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/session/session.h"

namespace Atoll {

// What is to be written of a cluster's timeline, and how long its head and its daemons may take to answer.
struct TimelineWish {
  double last = 0;  // seconds; 0: all that there is
  Duration timeout{};
};

struct TimelineWritten {
  std::uint64_t runs = 0;   // tasks and calls
  std::uint64_t about = 0;  // of so many
  std::uint64_t nodes = 0;
  std::uint32_t rate = 0;   // 0: the cluster records nothing
  std::vector<std::string> missing;
};

// Collects the timeline and writes it to `out` in the trace event format, as it comes. kUnavailable or kTimedOut if the head
// does not answer.
Result<TimelineWritten> write_timeline(const Session& session, const TimelineWish& wish, std::ostream& out);

// The same to a file, by path; "-" is the standard output. Says what was written, and who did not answer.
Status write_timeline_file(const Session& session, const TimelineWish& wish, const std::string& path, bool quiet);

// The words of `atoll timeline` without its -o and --output.
std::vector<std::string> without_output(const std::vector<std::string>& words);

}  // namespace Atoll
