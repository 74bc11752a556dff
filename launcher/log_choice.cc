#include "launcher/log_choice.h"

#include <algorithm>

namespace Atoll {
namespace {

using enum LogMeaning;
constexpr LogMeaning kMeanings[] = {kHead, kNode, kProcess, kWorker, kName, kActor, kTables};

bool is_digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// "4f1c-12" and "4f1c": the sequence whole, of the process as much as was typed.
bool is_id(const std::string& typed, const std::string& id) {
  constexpr std::size_t kFewest = 4;
  const std::size_t dash = typed.find('-'), whole = id.find('-');
  const std::string process = typed.substr(0, dash);
  if (process.size() < kFewest || (dash == std::string::npos) != (whole == std::string::npos)) return false;
  return id.starts_with(process) && (dash == std::string::npos || typed.substr(dash) == id.substr(whole));
}

LogMeaning meaning_of(const LogWord& word, const std::vector<StateClient::Log>& logs) {
  for (const LogMeaning meaning : kMeanings)
    if (std::ranges::any_of(logs, [&](const StateClient::Log& log) { return is_meant(word, meaning, log); }))
      return meaning;
  return kTables;
}

}  // namespace

bool is_meant(const LogWord& word, LogMeaning meaning, const StateClient::Log& log) {
  const LogRecord& record = log.record;
  const std::string pid = std::to_string(record.pid);
  switch (meaning) {
    case kHead:
      return word.typed == "head" && record.kind == LogKind::kHead;
    case kNode:
      return word.typed == log.node;
    case kProcess:
      return is_digits(word.typed) ? word.typed == pid : word.typed == log.node + ":" + pid;
    case kWorker:
      return is_id(word.typed, to_string(record.process));
    case kName:
      return word.typed == record.name;
    case kActor:
      return !record.actor.is_none() && is_id(word.typed, to_string(record.actor));
    case kTables:
      break;
  }
  return word.processes.contains(to_string(record.process)) ||
         (!record.actor.is_none() && word.actors.contains(to_string(record.actor)));
}

std::vector<std::size_t> logs_of(const LogWord& word, const std::vector<StateClient::Log>& logs) {
  const LogMeaning meaning = meaning_of(word, logs);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < logs.size(); ++i)
    if (is_meant(word, meaning, logs[i]) || (meaning == kName && is_meant(word, kTables, logs[i]))) places.push_back(i);
  return places;
}

bool ends_with_its_logs(const LogWord& word, const std::vector<StateClient::Log>& logs) {
  const LogMeaning meaning = meaning_of(word, logs);
  return meaning == kProcess || meaning == kWorker ||
         (meaning == kTables && word.actors.empty() && !word.processes.empty());
}

}  // namespace Atoll
