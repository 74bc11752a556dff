#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/objects/spill_orders.h"

namespace Atoll {

// Start a process of `program` as `worker`, with the job's environment and
// directory, bound to the node-local `gpus` (places in NodeInfo::gpus).
struct StartWorker {
  ProcessId worker = ProcessId::kNone;
  ProcessId job = ProcessId::kNone;
  std::string program;
  std::vector<int> gpus;
  Fixed cpu;
  std::string group = "";    // the name of the placement group it works in
  std::int32_t bundle = -1;  // in it; -1: in none
  std::uint32_t bundles = 0;
  std::string name = "";  // what it works as, for its output
  ActorId actor = {};
};

// A worker that was started works as something else now.
struct NameWorker {
  ProcessId worker = ProcessId::kNone;
  std::string name;
  ActorId actor;
};

// End the process, whatever it does. The shell reports its exit as any other.
struct KillWorker {
  ProcessId worker = ProcessId::kNone;
  bool at_once = false;  // without asking it first
};

// Is the job's program readable here, and the same build? The answer is
// NodeDaemon::on_program.
struct FindProgram {
  JobInfo job;
};

// A piece of a program shipped here. When the last is stored the shell answers
// with NodeDaemon::on_program, as for FindProgram.
struct StoreProgram {
  JobInfo job;
  ProgramChunk chunk;
};

// Bytes of the arena that are read on another node: to be sent as CopyBytes. They do not change until
// NodeDaemon::on_untouched is told that they were sent.
struct SendBytes {
  ProcessId to = ProcessId::kNone;
  std::uint64_t request = 0;
  std::uint64_t copy = 0;
  std::uint64_t from = 0;    // in the copy
  std::uint64_t offset = 0;  // in the arena
  std::uint64_t bytes = 0;
};

// What the node daemon wants done: messages, and these in order.
struct NodeOutbox : ObjectOutbox {
  std::vector<StartWorker> starts;
  std::vector<KillWorker> kills;
  std::vector<NameWorker> names;
  std::vector<FindProgram> finds;
  std::vector<StoreProgram> stores;
  std::vector<SendBytes> reads;
  std::vector<ProcessId> ended_jobs;   // nothing is to be kept for them, until a program is to be found again
  std::vector<std::string> log_lines;  // what a person reading the log wants to know

  bool empty() const {
    return ObjectOutbox::empty() && starts.empty() && kills.empty() && names.empty() && finds.empty() &&
           stores.empty() && reads.empty() && ended_jobs.empty() && log_lines.empty();
  }
  void clear() { *this = NodeOutbox(); }
};

}  // namespace Atoll
