#pragma once

#include <map>
#include <string>

#include "runtime/node/node_outbox.h"

namespace Atoll {

// The jobs a node works for and whether their program can be started here:
// asked of the head on first use, then looked for on this node, then shipped
// from the driver if it is not visible.
class JobTable {
 public:
  enum class State {
    kAsking,    // the head, for the JobInfo
    kFinding,   // the shell, for the program
    kFetching,  // the driver, for its bytes
    kReady,
    kFailed,
  };
  struct Job {
    State state = State::kAsking;
    JobInfo info;
    std::string program;  // when ready: what to execute
    std::string failure;  // when failed: one sentence
    std::uint64_t fetched = 0;
  };

  explicit JobTable(ProcessId head) : head_(head) {}

  // The job, asked for if it was not known.
  const Job& need(ProcessId job, NodeOutbox& out);
  const Job* find(ProcessId job) const;
  void forget(ProcessId job) { jobs_.erase(job); }

  // Each returns whether the job is now settled (ready or failed).
  bool on_reply(ProcessId job, const JobReply& reply, NodeOutbox& out);
  bool on_program(ProcessId job, const std::string& program,
                  const std::string& failure, NodeOutbox& out);
  bool on_chunk(const ProgramChunk& chunk, NodeOutbox& out);
  // A driver is gone: the jobs whose program it was shipping, which have failed now.
  std::vector<ProcessId> on_lost(ProcessId peer);

 private:
  bool fail(Job& job, std::string why);

  ProcessId head_;
  std::map<ProcessId, Job> jobs_;
};

}  // namespace Atoll
