#pragma once

#include <set>
#include <string>
#include <vector>

#include "runtime/client/state_client.h"

namespace Atoll {

// A word that a person typed after `atoll logs`, and what the cluster's tables know of it.
struct LogWord {
  std::string typed;
  std::set<std::string> actors;     // ids of those that are called so
  std::set<std::string> processes;  // ids of those that run, or ran, a task with this id
};

// How a word can be meant, the first that fits some log first.
enum class LogMeaning {
  kHead,     // "head"
  kNode,     // a node's name: all of it
  kProcess,  // a process id of the system, "4711" or "n2:4711"
  kWorker,   // an id of a process, as `atoll list workers` has it, or its beginning
  kName,     // what the process works as: an actor's name or class, a task's function
  kActor,    // an actor's id, or its beginning and number
  kTables,   // LogWord::actors and processes
};

// The places in `logs` that the word means; none if it means nothing here.
std::vector<std::size_t> logs_of(const LogWord& word, const std::vector<StateClient::Log>& logs);
bool is_meant(const LogWord& word, LogMeaning meaning, const StateClient::Log& log);

// Whether nothing can come any more of what the word means once all its logs have ended: it names processes, not a
// node, a function or an actor.
bool ends_with_its_logs(const LogWord& word, const std::vector<StateClient::Log>& logs);

}  // namespace Atoll
