#pragma once

#include <functional>
#include <list>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/ids.h"
#include "runtime/base/loop.h"
#include "runtime/base/status.h"
#include "runtime/wire/hello.h"

namespace Atoll {

// Where a node's processes get the descriptor of its arena: a Unix socket in the cluster's folder. Who comes proves the
// cluster's secret first (hello.h), each word a packet, and then is sent the descriptor.
class ArenaDoor {
 public:
  // `loop` watches the sockets and outlives the door, as do the secret and the descriptor `arena`.
  ArenaDoor(Loop& loop, const Secret& secret, ProcessId self, int arena)
      : loop_(loop), secret_(secret), self_(self), arena_(arena) {}
  ArenaDoor(const ArenaDoor&) = delete;
  ArenaDoor& operator=(const ArenaDoor&) = delete;
  ~ArenaDoor();

  Status open(const std::string& path);
  const std::string& path() const { return path_; }

 private:
  // Of those that have not ended their hello the oldest is sent away when more come.
  static constexpr std::size_t kMostVisitors = 64;
  struct Visitor {
    Fd socket;
    Hello hello;
  };
  using Visitors = std::list<Visitor>;

  void admit();
  void hear(Visitors::iterator visitor);
  void leave(Visitors::iterator visitor);

  Loop& loop_;
  const Secret& secret_;
  ProcessId self_;
  int arena_;
  std::string path_;
  Fd listener_;
  Visitors visitors_;
};

// The descriptor of the arena of process `keeper`, which has its door at `path`. Waits for `limit_ms` at most for each word.
Result<Fd> get_arena(const std::string& path, const Secret& secret, ProcessId self, ProcessId keeper, int limit_ms);

}  // namespace Atoll
