#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/node/node_outbox.h"
#include "runtime/timeline/lanes.h"
#include "runtime/timeline/sampler.h"
#include "runtime/timeline/store.h"

namespace Atoll {

// What a node daemon knows of its node's timeline: what its drivers and workers hand over, and what it does itself. Logic
// without I/O.
//
// SEEN-1 who asks with `flush` is answered when all who record here have handed over what they had, are gone, or after
//        kFlushPatience, and then hears how many were silent
// SEEN-2 nothing is kept while the rate is 0
class NodeTimeline {
 public:
  struct Options {
    ProcessId self = ProcessId::kNone;
    std::uint64_t pid = 0;
    std::uint32_t rate = 0;   // as in ClockReply
    std::uint64_t clock = 0;  // likewise
  };
  explicit NodeTimeline(const Options& options);

  void handle(Time now, ProcessId from, const GetClock& question, Outbox& out);
  void handle(Time now, ProcessId from, const TimelineChunk& chunk, Outbox& out);
  void handle(Time now, ProcessId from, const GetTimeline& question, Outbox& out);
  // It hands over nothing any more.
  void on_lost(ProcessId process, Outbox& out);
  void on_tick(Time now, Outbox& out);
  std::optional<Time> next_deadline() const;

  // What the daemon does. A worker is ready that was started at `begin`:
  void on_started(Time now, ProcessId worker, Time begin);
  // Its lease has ended.
  void on_leased(Time now, LeaseId lease, ProcessId worker, ProcessId owner, Time begin);
  // Copies that came are taken out of `out`, and new orders to spill are noted.
  void see(Time now, ObjectOutbox& out);
  void on_spill(Time now, const SpillEvent& event);
  void on_usage(Time now, const NodeUsage& usage);

 private:
  struct Ask {
    ProcessId from = ProcessId::kNone;
    std::uint64_t after = 0;
    Time limit{};
  };
  // An order that is being carried out.
  struct Spilling {
    Time begin{};
    std::uint64_t bytes = 0;
  };
  struct Counter {
    double value = 0;
    Time since{};
  };

  bool is_on() const { return options_.rate > 0; }
  void add(TimelineRecord record, const char* name);
  void add_slice(TimelineKind kind, const char* name, Time begin, Time end, TimelineLanes& lanes, TimelineRecord record);
  void end_spill(Time now, std::pair<std::uint64_t, std::uint64_t> what, TimelineKind kind, const char* name, bool failed);
  void count(Time now, const char* name, double value);
  void keep_own();
  void answer(const Ask& ask, Outbox& out);
  void answer_all(Outbox& out);

  Options options_;
  TimelineSampler sampler_;  // of leases
  TimelineRing ring_;        // its own
  TimelineStore store_;
  TimelineLanes transfers_{kTransferTracks}, spills_{kSpillTracks}, starts_{kStartTracks}, leases_{kLeaseTracks};
  std::map<ProcessId, std::uint64_t> sources_;  // who records here, and the flush that it has not answered; 0: none
  std::size_t unanswered_ = 0;                  // of them
  std::uint64_t flush_ = 0;
  std::vector<Ask> asks_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Spilling> spilling_;  // by file and, for what is read, copy
  std::map<std::string, Counter> counters_;
};

// A daemon keeps so much of its node's timeline, some 400,000 records.
inline constexpr std::size_t kMostOfNodeTimeline = std::size_t{32} << 20;
inline constexpr Duration kFlushPatience = std::chrono::seconds(1);
// Counters are noted when they have changed, no more often than this.
inline constexpr Duration kCountInterval = std::chrono::milliseconds(100);

}  // namespace Atoll
