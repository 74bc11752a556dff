#include "runtime/node/warm_pool.h"

#include <algorithm>

#include "runtime/base/log.h"

namespace Atoll {

std::optional<WorkerProcess> WarmPool::fork(Time now, ProcessId job, const WorkerProcess::Start& process,
                                            const std::string& told) {
  if (!enabled_) return std::nullopt;
  const Kind kind(job, process.program, process.directory, process.environment);
  Entry& entry = entries_[kind];
  entry.used = now;
  if (!std::exchange(entry.asked, true)) return std::nullopt;
  if (entry.state == State::kCold) start(kind, entry, process);
  if (entry.state != State::kWarm) return std::nullopt;
  Result<WorkerProcess> worker = entry.process->fork(told, process.secret);
  if (worker.ok()) return std::move(*worker);
  bury(kind, entry, worker.status());
  return std::nullopt;
}

void WarmPool::start(const Kind& kind, Entry& entry, const WorkerProcess::Start& process) {
  Result<WarmProcess> warm = WarmProcess::start(process);
  if (!warm.ok()) return bury(kind, entry, warm.status());
  entry.process.emplace(std::move(*warm));
  entry.state = State::kStarting;
  watch(kind, entry);
}

// end() removes what is added here.
void WarmPool::watch(const Kind& kind, Entry& entry) {
  const WorkerProcess& process = entry.process->process();
  const std::string prefix = prefix_of(node_, process.pid());
  entry.log = random_process_id();
  if (logs_ != nullptr) logs_->begin({entry.log, static_cast<std::uint64_t>(process.pid()), LogKind::kWorker, "", {}});
  const Status added[] = {out_.add(process.out(), prefix, entry.log), err_.add(process.err(), prefix, entry.log),
                          loop_.add(entry.process->channel(), [this, kind] { hear(kind); })};
  for (const Status& status : added)
    if (!status.ok()) log::error("a warm process cannot be watched: {}", status.message());
}

void WarmPool::hear(const Kind& kind) {
  Entry& entry = entries_.at(kind);
  const Status heard = entry.process->hear();
  if (heard.code() == Code::kTimedOut) return;  // there was nothing to hear
  if (heard.ok())
    entry.state = State::kWarm;
  else
    bury(kind, entry, heard);
}

void WarmPool::end(Entry& entry) {
  if (!entry.process) return;
  const WorkerProcess& process = entry.process->process();
  loop_.remove(entry.process->channel());
  out_.remove(process.out());
  err_.remove(process.err());
  if (logs_ != nullptr) logs_->end(entry.log);
  entry.process.reset();
  entry.state = State::kCold;
}

void WarmPool::bury(const Kind& kind, Entry& entry, const Status& why) {
  const bool was_warm = entry.state == State::kWarm;
  end(entry);
  ++entry.deaths;
  const bool give_up = !was_warm || entry.deaths >= kMaxDeaths;
  if (give_up) entry.state = State::kGivenUp;
  log::info("workers of {} are {} not forked from a warm process: {}", std::get<1>(kind),
            give_up ? "from now on" : "for now", why.message());
}

void WarmPool::on_tick(Time now) {
  for (auto& [kind, entry] : entries_)
    if (entry.process && now >= entry.used + kIdleLimit) end(entry);
}

Time WarmPool::next_deadline() const {
  Time next = Time::max();
  for (const auto& [kind, entry] : entries_)
    if (entry.process) next = std::min(next, entry.used + kIdleLimit);
  return next;
}

void WarmPool::forget(ProcessId job) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const bool is_its = std::get<ProcessId>(entry->first) == job;
    if (is_its) end(entry->second);
    entry = is_its ? entries_.erase(entry) : std::next(entry);
  }
}

void WarmPool::close() {
  enabled_ = false;
  for (auto& [kind, entry] : entries_) end(entry);
  entries_.clear();
}

}  // namespace Atoll
