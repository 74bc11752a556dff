#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>

#include "runtime/client/call.h"

namespace Atoll {

// The part of a client that asks daemons for the places of large objects. Logic, without the memory.
//
// COPIES-1 every question is answered once: by the daemon, or by the words why it cannot
// COPIES-2 the home daemon hears when the connection to somebody for whom copies were made is lost
class CopyClient {
 public:
  // The daemon of this process's node, which keeps its arena.
  void set_home(const Contact& home) { home_ = home; }

  // `question` is a GetArena, MakeRoom, HoldCopy or ReadCopy; its number is of the caller's own counting, 0 for GetArena.
  // The answer comes as a CopyAnswer. `daemon` none: the home daemon.
  void ask(const Contact& daemon, std::uint64_t number, Message question, ClientOutbox& out);
  // Said to the home daemon if `daemon` is none.
  void say(ProcessId daemon, Message message, ClientOutbox& out) const;

  // Whether it was an answer.
  bool on_message(const Message& message, ClientOutbox& out);
  void on_lost(ProcessId peer, const std::string& why, ClientOutbox& out);
  // It is asked for nothing any more.
  void on_node_died(ProcessId daemon, const std::string& why, ClientOutbox& out);

 private:
  void answer(CopyAnswer answer, ClientOutbox& out);

  Contact home_;
  std::unordered_map<std::uint64_t, ProcessId> open_;  // questions, and whom they went to
  std::set<ProcessId> made_for_;
  std::unordered_map<ProcessId, std::string> dead_;  // daemons, and of what they died
};

}  // namespace Atoll
