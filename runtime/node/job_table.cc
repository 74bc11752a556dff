#include "runtime/node/job_table.h"

namespace Atoll {

const JobTable::Job& JobTable::need(ProcessId job, NodeOutbox& out) {
  const auto [entry, is_new] = jobs_.try_emplace(job);
  if (is_new) out.send(head_, GetJob{job});
  return entry->second;
}

const JobTable::Job* JobTable::find(ProcessId job) const {
  const auto entry = jobs_.find(job);
  return entry == jobs_.end() ? nullptr : &entry->second;
}

bool JobTable::fail(Job& job, std::string why) {
  job.state = State::kFailed;
  job.failure = std::move(why);
  return true;
}

bool JobTable::on_reply(ProcessId id, const JobReply& reply, NodeOutbox& out) {
  const auto entry = jobs_.find(id);
  if (entry == jobs_.end() || entry->second.state != State::kAsking) return false;
  Job& job = entry->second;
  if (!reply.found) return fail(job, "the head knows no such job; its driver has ended");
  job.info = reply.info;
  job.state = State::kFinding;
  out.finds.push_back({job.info});
  return false;
}

bool JobTable::on_program(ProcessId id, const std::string& program,
                          const std::string& failure, NodeOutbox& out) {
  const auto entry = jobs_.find(id);
  if (entry == jobs_.end()) return false;
  Job& job = entry->second;
  if (job.state == State::kReady || job.state == State::kFailed) return false;
  if (!program.empty()) {
    job.state = State::kReady;
    job.program = program;
    return true;
  }
  if (job.state != State::kFinding) return fail(job, failure);
  job.state = State::kFetching;
  out.log_lines.push_back("fetching " + job.info.path + " from its driver: " + failure);
  out.learn(job.info.driver);
  out.send(job.info.driver.process, GetProgram{id, 0});
  return false;
}

bool JobTable::on_chunk(const ProgramChunk& chunk, NodeOutbox& out) {
  const auto entry = jobs_.find(chunk.job);
  if (entry == jobs_.end()) return false;
  Job& job = entry->second;
  if (job.state != State::kFetching || chunk.offset != job.fetched) return false;
  if (chunk.bytes.empty())
    return fail(job, "the program " + job.info.path + " is not on this node and could not be shipped here: " + chunk.why);
  job.fetched += chunk.bytes.size();
  out.stores.push_back({job.info, chunk});
  if (job.fetched < chunk.total)
    out.send(job.info.driver.process, GetProgram{chunk.job, job.fetched});
  return false;
}

std::vector<ProcessId> JobTable::on_lost(ProcessId peer) {
  std::vector<ProcessId> failed;
  for (auto& [id, job] : jobs_)
    if (job.state == State::kFetching && job.info.driver.process == peer) {
      fail(job, "the driver that was shipping its program " + job.info.path + " is gone");
      failed.push_back(id);
    }
  return failed;
}

}  // namespace Atoll
