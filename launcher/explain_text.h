#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/state/columns.h"

namespace Atoll {

// One thing, by its keys; nodes by name.
struct StateRecord {
  StateKind kind = StateKind::kNodes;
  std::map<std::string, StateCell> cells;

  bool has(const std::string& key) const;
  // "" where nothing is known.
  std::string text(const std::string& key) const;
  double number(const std::string& key) const;  // 0, likewise
  std::vector<std::string> list(const std::string& key) const;
};

// What is known beside the thing itself.
struct ExplainFacts {
  std::map<std::string, std::string> processes;  // by id: "worker 4711 on n2 (actor Sum)"
  std::vector<StateRecord> tasks;                // that a process or an actor has to do with, unfinished ones
  std::vector<StateRecord> requests;             // at the head, of a task's owner
  std::vector<StateRecord> copies;               // of an object, the others than the first
  std::vector<StateRecord> refs;                 // of it
  std::set<std::string> dead_nodes;              // by name
};

// Sentences for people: what it is, why it is not well if it is not, and what to try next.
std::vector<std::string> explain(const StateRecord& thing, const ExplainFacts& facts);
// Of an object without a copy in any node's memory: what its owner and borrowers know.
std::vector<std::string> explain_ref(const std::string& id, const ExplainFacts& facts);

}  // namespace Atoll
