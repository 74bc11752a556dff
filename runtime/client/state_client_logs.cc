// What is kept of the output of a cluster's processes, for who looks at it (wire/log_messages.h).

#include <utility>

#include "runtime/client/state_client.h"

namespace Atoll {

StateClient::Logs StateClient::list_logs(Duration patience) {
  std::vector<Log> keepers = {{head_, peers_->nodes.empty() ? "" : peers_->nodes.front().name, {}}};
  for (const PeerNode& node : peers_->nodes)
    if (node.alive) keepers.push_back({node.daemon, node.name, {}});
  std::unique_lock lock(mutex_);
  const GetLogs question{++request_};
  expected_.clear();
  log_lists_.clear();
  gone_.clear();
  for (const Log& keeper : keepers)
    expected_[keeper.keeper.process] = keeper.keeper.process == head_.process ? "the head" : daemon_words(keeper.node);
  lock.unlock();
  runtime_->post([keepers, question](Time, ClientCore&, ClientOutbox& out) {
    for (const Log& keeper : keepers) {
      out.learn(keeper.keeper);
      out.send(keeper.keeper.process, question);
    }
  });
  lock.lock();
  arrived_.wait_for(lock, patience, [this] { return expected_.empty(); });
  Logs all;
  for (const Log& keeper : keepers) {
    const auto list = log_lists_.find(keeper.keeper.process);
    if (list == log_lists_.end()) continue;
    for (LogRecord& record : list->second.logs) all.logs.push_back({keeper.keeper, keeper.node, std::move(record)});
    if (!list->second.why.empty()) all.remarks.push_back("node " + keeper.node + ": " + list->second.why);
  }
  all.silent = std::exchange(gone_, {});
  for (const auto& [process, expected] : std::exchange(expected_, {})) all.silent.push_back(expected);
  return all;
}

Result<LogBytes> StateClient::read_log(const Log& log, std::uint64_t from, std::uint32_t bytes, Duration patience) {
  const std::string words = "who keeps the log of process " + std::to_string(log.record.pid) + " on " + log.node;
  std::unique_lock lock(mutex_);
  const ReadLog question{++request_, log.record.process, from, bytes};
  expected_.clear();
  gone_.clear();
  log_bytes_.reset();
  expected_[log.keeper.process] = words;
  lock.unlock();
  runtime_->post([keeper = log.keeper, question](Time, ClientCore&, ClientOutbox& out) {
    out.learn(keeper);
    out.send(keeper.process, question);
  });
  lock.lock();
  arrived_.wait_for(lock, patience, [this] { return expected_.empty(); });
  expected_.clear();
  gone_.clear();
  if (!log_bytes_) return Status(Code::kUnavailable, words + " does not answer");
  if (!log_bytes_->why.empty()) return Status(Code::kUnavailable, log_bytes_->why);
  return std::move(*log_bytes_);
}

void StateClient::take_log(ProcessId from, Message message) {
  auto* list = std::get_if<LogList>(&message);
  auto* bytes = std::get_if<LogBytes>(&message);
  const bool is_answer =
      (list != nullptr && list->request == request_) || (bytes != nullptr && bytes->request == request_);
  if (!is_answer || expected_.erase(from) == 0) return;
  if (list != nullptr) log_lists_[from] = std::move(*list);
  if (bytes != nullptr) log_bytes_ = std::move(*bytes);
}

}  // namespace Atoll
