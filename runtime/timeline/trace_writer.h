#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "runtime/timeline/clock_offset.h"
#include "runtime/timeline/ring.h"

namespace Atoll {

// A node whose chunks are written.
struct TraceNode {
  std::uint32_t rank = 0;
  std::string name;
  ProcessId daemon = ProcessId::kNone;
  ClockOffset clock;  // its daemon's, as we see it
};

// What is said of the whole.
struct TraceSummary {
  std::string cluster;
  std::string when;              // the time of the day at 0, "2026-11-30T08:00:00.123456Z"
  std::uint32_t rate = 0;        // as in ClockReply
  std::uint64_t dropped = 0;     // records
  std::vector<std::string> missing;  // who did not answer
};

// Writes records as they come in the JSON trace event format of Chrome and Perfetto ("Trace Event Format", Google, 2016):
// a process for each node, a thread for each track of a worker, driver or daemon. Times are microseconds of our own clock.
// Of tasks it keeps where they were submitted, ran and were got, some 60 bytes each, to draw the arrows at the end.
//
// TRACE-1 every arrow has both its ends, and each lies in a slice
// TRACE-2 no slice ends before it begins, and none has no length
// TRACE-3 what is written is JSON, whatever bytes a name has
class TraceWriter {
 public:
  // `out` outlives this. Records that ended before `since_ns`, by our clock, are left out.
  TraceWriter(std::ostream& out, std::int64_t since_ns);

  // So that transfers say from which node.
  void know(const TraceNode& node);
  void add(const TraceNode& node, const TimelineChunk& chunk);
  // Once, at the end.
  void finish(const TraceSummary& summary);

  std::uint64_t runs() const { return runs_.size(); }        // tasks and calls
  std::uint64_t stand_for() const { return stand_for_; }     // of so many, about
  std::uint64_t records() const { return records_; }

 private:
  struct Track {
    std::uint64_t pid = 0;
    std::uint64_t tid = 0;
  };
  // Where a task was submitted, run or got.
  struct Site {
    std::uint64_t process = 0, sequence = 0;
    std::int64_t begin_ns = 0, end_ns = 0;
    Track track;
    friend auto operator<=>(const Site& a, const Site& b) {
      return std::pair(a.process, a.sequence) <=> std::pair(b.process, b.sequence);
    }
  };
  // The chunk that is written.
  struct Part {
    const TraceNode& node;
    const TimelineChunk& chunk;
    std::uint64_t pid = 0;
    std::vector<std::string> names;  // quoted
  };

  void write(const Part& part, TimelineRecord record);
  void write_slice(const Part& part, const TimelineRecord& record, const Track& track);
  void write_counter(const Part& part, const TimelineRecord& record);
  std::string arguments_of(const TimelineRecord& record) const;
  void keep_site(const TimelineRecord& record, const Track& track);
  std::uint64_t pid_of(const TraceNode& node, const TimelineChunk& chunk);
  Track track_of(const Part& part, std::uint32_t track);
  void name_process(std::uint64_t pid, const std::string& name);
  void write_flows();
  void write_flow(const char* name, const Track& from, std::int64_t from_ns, const Track& to, std::int64_t to_ns);
  void event(const std::string& text);

  std::ostream& out_;
  std::int64_t since_ns_;
  bool is_first_ = true;
  std::map<std::uint64_t, std::string> daemons_;                 // nodes by their daemon
  std::map<std::uint64_t, std::string> processes_;               // by pid
  std::map<ProcessId, std::uint64_t> elsewhere_;                 // their pids
  struct Named {
    std::uint64_t tid = 0;
    std::string name;
  };
  std::map<std::pair<ProcessId, std::uint32_t>, Named> tracks_;
  std::vector<TraceNode> nodes_;
  std::vector<Site> submits_, runs_, gets_;
  std::uint64_t stand_for_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t flows_ = 0;
  std::uint64_t backwards_ = 0;  // arrows that would go back in time: the clocks' error
  std::uint64_t dropped_ = 0;    // as chunks say
};

}  // namespace Atoll
