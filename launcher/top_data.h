#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "launcher/state_table.h"

namespace Atoll {

// What `atoll top` shows of a cluster at one moment.
struct TopNode {
  std::string name;
  std::string state;
  double cpu = 0, cpu_held = 0;  // CPUs; what of them is held by whatever runs, is reserved or waits
  double cpu_used = 0;           // CPUs' worth of time that the node's workers had lately
  double gpu = 0, gpu_held = 0;
  double memory = 0, memory_used = 0;  // bytes: what tasks may have, and what the workers have
  double arena = 0, arena_used = 0;    // bytes of object memory
  double workers = 0, actors = 0, leases = 0;
  double waiting = 0;  // leases, actors and objects, for room there
  bool alive() const { return state == "alive"; }
};
struct TopProcess {
  std::string id;
  std::string node;
  std::string pid;
  std::string state;
  std::string work;      // "actor Counter", with its name; "leased for tasks"
  bool is_actor = false;
  double cpu_used = 0;   // CPUs' worth of time, lately
  double memory = 0;     // bytes of its own
  std::string gpus;      // indices, between commas
  double restarts = 0;   // of the actor
};
struct TopData {
  std::string cluster;
  std::vector<TopNode> nodes;
  std::vector<TopProcess> processes;
  double requests = 0;  // workers asked for, for which no node has room
  std::vector<std::string> warnings;
};

// What was asked at one moment.
struct TopLook {
  StateTable nodes, workers, actors, requests;
  double taken = 0;  // seconds, of any clock
};
// The questions, in the order of TopLook.
std::vector<ListOptions> top_questions();

// Pure. Without a look before it, or in no time, what is used lately is what was used since the worker began.
TopData make_top(const std::string& cluster, const TopLook& now, const TopLook* before);

// {"cluster","requests","nodes":[…],"processes":[…],"warnings":[…]} of atoll-top(1).
std::string top_to_json(const TopData& data);

}  // namespace Atoll
