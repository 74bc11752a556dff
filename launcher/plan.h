#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/base/status.h"

namespace Atoll {

// What the user asked of `atoll run` or `atoll up`.
struct ClusterOptions {
  std::string command = "run";
  std::vector<std::string> program;     // of run: the driver and its arguments
  std::string nodes;                    // as typed; "" for all
  std::vector<std::string> allocation;  // salloc's options, ready to pass on, without --nodes
  std::string name;                     // of the cluster
  std::string resources;                // custom ones of each node, "license=4"; "" for none
  std::string head;                     // "first", "last" or the node for the head; "" for the first
  std::optional<std::uint64_t> object_memory;  // bytes of each node for objects
  std::string spill_folder;                    // folders, as typed; "" for the session folder
  std::optional<std::uint64_t> spill_limit;    // bytes on each node's disks
  std::string memory_watch;             // "0.9" or "off"; "" for the daemons' own
  std::string timeline;                 // of run: the file for the timeline at the end; "" for none
  std::optional<std::uint64_t> timeline_rate;  // tasks a second that each process records
  std::string log_level;                // of head and daemons; "" for theirs
  std::string log_dedup;                // "on", "off"; "" or "auto": where a person looks
  std::string log_rate;                 // lines a second of one worker, "off"; "" or "auto": where a person looks
  std::optional<std::uint64_t> log_bytes;  // of each process, in files
  std::string keep_logs;                // a folder for those files, as typed; "" for the session's
  std::string summary;                  // of run: "on", "off"; "" or "auto": of what took a while
  std::string metrics;                  // where they serve them, as typed; "" for nowhere
  std::string log;                      // of up: where the keeper writes; "" for the session folder
  bool local = false;
  bool foreground = false;  // of up
  int lifeline = -1;        // of up: a descriptor; the cluster lives until its other end is closed
  bool quiet = false;
  bool verbose = false;
  double start_timeout = 0;  // seconds; 0: chosen by the number of nodes
  double node_timeout = 0;   // seconds of silence after which a node is dead; 0: the head's own
};

// What this host offers: paths are "" when there is no such program.
struct Site {
  std::string srun = {};
  std::string salloc = {};
  std::string atoll = {};             // ourselves
  std::string daemon = {};            // atolld
  std::vector<std::string> mpi = {};  // the types that `srun --mpi=list` names
  std::string job_text = {};          // `scontrol show job --details`, where gpus_need_asking()
};

// How the cluster is to be started: a value, so that it can be printed (--dry-run), tested and run.
struct LaunchPlan {
  enum class Kind {
    kStep,    // srun starts the daemons in this allocation
    kSalloc,  // salloc makes an allocation and starts us again inside it
    kLocal,   // one daemon on this host, without Slurm
  };
  Kind kind = Kind::kStep;
  std::vector<std::string> argv;
  Environment set;  // but ATOLL_SECRET, which is made at the start
  std::vector<std::string> unset;
  std::vector<std::string> nodes;  // by rank, so the head's first
  int head_task = 0;               // the step's task that is rank 0; the first task has its rank instead
  std::string job;                 // Slurm's id, or "local"
  std::string name;                // of the cluster
  std::string step_name;           // what Slurm calls the step
  bool wire_up_over_stdio = false;
  std::vector<std::string> notices;  // for --verbose
  std::vector<std::string> warnings;
};

// Pure. kInvalidArgument when the options make no sense here, kUnavailable when something is missing; the words say
// what to do.
Result<LaunchPlan> make_plan(const ClusterOptions& options, const Environment& environment, const Site& site);

// What --dry-run prints: the environment's changes and the command, as lines for a POSIX shell.
std::string plan_to_shell(const LaunchPlan& plan);

// `word` quoted so that a POSIX shell reads it back as one word.
std::string shell_quote(const std::string& word);

}  // namespace Atoll
