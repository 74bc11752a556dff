#include "runtime/logs/log_book.h"

#include <algorithm>

namespace Atoll {

void LogBook::begin(LogRecord record) {
  Log& log = logs_[record.process];
  log.record = std::move(record);
  log.begun = ++begun_;
}

void LogBook::rename(ProcessId process, const std::string& name, const ActorId& actor) {
  const auto entry = logs_.find(process);
  if (entry == logs_.end()) return;
  entry->second.record.name = name;
  if (!actor.is_none()) entry->second.record.actor = actor;
}

std::vector<std::string> LogBook::end(ProcessId process) {
  std::vector<std::string> removed;
  const auto entry = logs_.find(process);
  if (entry == logs_.end() || entry->second.record.ended) return removed;
  entry->second.record.ended = true;
  entry->second.is_closed = true;
  if (entry->second.pieces.empty()) {
    logs_.erase(entry);
    return removed;
  }
  ended_.push_back(process);
  if (ended_.size() <= kMostEnded) return removed;
  if (const auto oldest = logs_.find(ended_.front()); oldest != logs_.end()) {
    while (!oldest->second.pieces.empty()) drop_first(oldest->second, removed);
    logs_.erase(oldest);
  }
  ended_.pop_front();
  return removed;
}

LogBook::Append LogBook::append(ProcessId process, std::string_view text) {
  const auto entry = logs_.find(process);
  if (entry == logs_.end() || entry->second.record.ended) return {};
  Log& log = entry->second;
  const std::uint64_t most = std::max<std::uint64_t>(limits_.process / kPieces, 1);
  if (log.is_closed || log.pieces.back().bytes >= most) {
    log.pieces.push_back({++opened_, log.next++, log.record.end, 0});
    log.is_closed = false;
  }
  Piece& piece = log.pieces.back();
  Append append;
  append.file = file_of(log, piece);
  append.bytes = std::min<std::uint64_t>(text.size(), most - piece.bytes);
  if (append.bytes < text.size())
    if (const std::size_t line = text.rfind('\n', append.bytes - 1); line != std::string_view::npos) {
      append.bytes = line + 1;
      log.is_closed = true;
    }
  piece.bytes += append.bytes;
  log.record.end += append.bytes;
  bytes_ += append.bytes;
  while (log.record.end - log.record.begin > limits_.process && log.pieces.size() > 1) drop_first(log, append.removed);
  while (bytes_ > limits_.node) make_room(append.removed);
  return append;
}

void LogBook::drop_first(Log& log, std::vector<std::string>& removed) {
  const Piece piece = log.pieces.front();
  removed.push_back(file_of(log, piece));
  log.pieces.pop_front();
  log.record.begin = piece.begin + piece.bytes;
  bytes_ -= piece.bytes;
}

void LogBook::make_room(std::vector<std::string>& removed) {
  Log *oldest = nullptr, *largest = nullptr;
  for (auto& [process, log] : logs_) {
    if (log.pieces.empty()) continue;
    const bool has_closed = log.is_closed || log.pieces.size() > 1;
    if (has_closed && (oldest == nullptr || log.pieces.front().opened < oldest->pieces.front().opened)) oldest = &log;
    if (!has_closed && (largest == nullptr || log.pieces.front().bytes > largest->pieces.front().bytes)) largest = &log;
  }
  Log& victim = oldest != nullptr ? *oldest : *largest;
  if (oldest == nullptr) victim.is_closed = true;
  drop_first(victim, removed);
  if (victim.pieces.empty() && victim.record.ended) logs_.erase(ProcessId(victim.record.process));
}

std::optional<LogBook::Place> LogBook::find(ProcessId process, std::uint64_t from) const {
  const auto entry = logs_.find(process);
  if (entry == logs_.end()) return std::nullopt;
  const Log& log = entry->second;
  from = std::max(from, log.record.begin);
  for (const Piece& piece : log.pieces) {
    if (from >= piece.begin + piece.bytes) continue;
    return Place{file_of(log, piece), from - piece.begin, from, piece.begin + piece.bytes - from};
  }
  return std::nullopt;
}

std::vector<LogRecord> LogBook::list() const {
  std::vector<const Log*> logs;
  for (const auto& [process, log] : logs_) logs.push_back(&log);
  std::ranges::sort(logs, {}, &Log::begun);
  std::vector<LogRecord> records;
  for (const Log* log : logs) records.push_back(log->record);
  return records;
}

// "n2-worker-4711-18d4d076.1.log": process ids come again.
std::string LogBook::file_of(const Log& log, const Piece& piece) const {
  const char* kind = log.record.kind == LogKind::kWorker   ? "worker"
                     : log.record.kind == LogKind::kDaemon ? "atolld"
                                                           : "head";
  return node_ + "-" + kind + "-" + std::to_string(log.record.pid) + "-" + to_string(log.record.process).substr(0, 8) +
         "." + std::to_string(piece.number) + ".log";
}

}  // namespace Atoll
