#pragma once

#include <map>
#include <set>

#include "runtime/wire/messages.h"
#include "tests/sim/network.h"

namespace Atoll::sim {

class Holders;

// The head and the worker of all actors that holders create: they run calls, and leave when they are told. Checks that none is
// told while somebody who lives has a handle to it or waits for a call, and none is called afterwards.
class ActorHost : public Endpoint {
 public:
  explicit ActorHost(Holders& world);

  void create(ProcessId creator, ActorId actor);
  void watch(ProcessId watcher, ActorId actor);
  // The actors that it created end with it.
  void on_killed(ProcessId holder);

  bool knows(ActorId actor) const { return actors_.contains(actor); }
  // How many were told to leave, and how many run still.
  std::size_t left() const { return left_; }
  std::size_t running() const;

  static constexpr ProcessId kProcess{2};

 private:
  struct Actor {
    bool created = false;
    bool ended = false;
    std::set<ProcessId> watchers;
    std::multiset<ProcessId> callers;  // of calls that run
  };

  void on_bytes(ProcessId from, std::string_view bytes) override;
  void on_lost(ProcessId, const Status&) override {}
  void begin(ProcessId caller, const CallActor& call);
  void leave(ActorId id, Actor& actor);
  void tell(ProcessId to, ActorId id, const Actor& actor);

  Holders& world_;
  std::map<ActorId, Actor> actors_;
  std::size_t left_ = 0;
};

}  // namespace Atoll::sim
