#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/wire/fields.h"

// The messages of the timeline: what a cluster's processes ran and waited for, and when; messages.h has the rules.
//
// Drivers and workers keep what they record for a while and give it to the daemon of their node, which keeps the latest of
// all, also of those that have ended. A tool asks the daemons.
namespace Atoll {

enum class TimelineKind : std::uint8_t {
  kTask = 0,       // a task runs
  kCall = 1,       // an actor's method
  kConstruct = 2,  // an actor's constructor
  kSubmit = 3,     // who submits a task, or makes a call
  kGet = 4,        // who waits for a value
  kWait = 5,       // who waits for some of `amount` values
  kNext = 6,       // who waits for a stream's next item
  kYield = 7,      // who fills a stream, and waits for its reader
  kTransfer = 8,   // a daemon fetches `amount` bytes from the daemon `peer`
  kSpill = 9,      // a daemon writes `amount` bytes of objects to disk
  kRestore = 10,   // and reads them back
  kStart = 11,     // a daemon starts a worker, until it is ready
  kLease = 12,     // the process `peer` has the worker `id.process`
  kCounter = 13,   // what is called so is `amount` from here on
};
enum class TimelineOutcome : std::uint8_t { kOk = 0, kFailed = 1, kCancelled = 2 };

// Times are nanoseconds of the monotonic clock of who records. It travels as it lies in memory.
struct TimelineRecord {
  std::uint64_t process = 0;  // the id of the task, call or object; of what else the kind says
  std::uint64_t sequence = 0;
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
  std::int64_t queued_ns = 0;  // when a task or call came to its worker; 0: not known
  std::uint64_t peer = 0;      // a process: who submitted what runs; of kSubmit the parent's
  std::uint64_t amount = 0;    // of kSubmit the parent's sequence, 0: it has none
  std::uint32_t name = 0;      // in TimelineChunk::names
  std::uint32_t track = 0;     // of those that the process has: what is on one nests
  TimelineKind kind = TimelineKind::kTask;
  TimelineOutcome outcome = TimelineOutcome::kOk;
  std::uint8_t weight = 0;     // it stands for 2^weight of its kind
  std::uint8_t depth = 0;      // how many tasks and calls it was submitted within, 255 at most
  std::uint32_t reserved = 0;

  friend bool operator==(const TimelineRecord&, const TimelineRecord&) = default;
};
// What runs or waits for as long is recorded whether it was chosen or not.
inline constexpr Duration kTimelineLong = std::chrono::milliseconds(1);
static_assert(std::is_trivially_copyable_v<TimelineRecord> && sizeof(TimelineRecord) == 72);

// driver, worker -> the daemon of its node, now and then; daemon -> tool.
struct TimelineChunk {
  ProcessId process = ProcessId::kNone;  // who recorded it
  std::uint64_t pid = 0;
  ProcessId job = ProcessId::kNone;
  std::string role;                // "driver", "worker", "actor Keeper", "daemon"
  bool is_elsewhere = false;       // a driver that is not on the daemon's node
  std::int64_t to_daemon_ns = 0;   // its clock and this are the daemon's clock
  std::uint64_t dropped = 0;       // records that there was no room for, before these
  std::uint64_t flush = 0;         // the FlushTimeline that it answers; 0: none
  std::vector<std::string> names;  // that the records have
  std::string records;             // TimelineRecord, one after the other
  ATOLL_MESSAGE_FIELDS(process, pid, job, role, is_elsewhere, to_daemon_ns, dropped, flush, names, records)
};
// daemon -> its drivers and workers: answered by a TimelineChunk with all that they have.
struct FlushTimeline {
  std::uint64_t flush = 0;
  ATOLL_MESSAGE_FIELDS(flush)
};

// tool -> daemon. Answered by TimelinePart; with `flush` once its processes have handed over what they have.
struct GetTimeline {
  std::uint64_t after = 0;  // the chunk that was the last of the part before; 0: from the first
  bool flush = false;
  ATOLL_MESSAGE_FIELDS(after, flush)
};
struct TimelinePart {
  std::vector<TimelineChunk> chunks;  // kMostTimelineBytes or one
  std::uint64_t last = 0;             // as GetTimeline::after
  bool is_end = false;
  std::uint64_t dropped = 0;    // records that the daemon kept no longer
  std::uint32_t silent = 0;     // processes that did not hand over what they have
  std::uint32_t rate = 0;       // as in ClockReply
  ATOLL_MESSAGE_FIELDS(chunks, last, is_end, dropped, silent, rate)
};
inline constexpr std::size_t kMostTimelineBytes = std::size_t{1} << 20;

// anyone -> daemon: what its clock says. Drivers and workers ask before all else: `records` says that they will send
// chunks. Answered in order with what was sent before it.
struct GetClock {
  std::int64_t sent_ns = 0;  // by the asker's clock
  bool records = false;
  ATOLL_MESSAGE_FIELDS(sent_ns, records)
};
struct ClockReply {
  std::int64_t sent_ns = 0;  // the question's
  std::int64_t at_ns = 0;    // by the daemon's clock
  std::uint64_t clock = 0;   // which clock that is (timeline/clock_identity.h)
  std::uint32_t rate = 0;    // tasks and calls a second that each process records of those that it submits; 0: none
  ATOLL_MESSAGE_FIELDS(sent_ns, at_ns, clock, rate)
};

}  // namespace Atoll
