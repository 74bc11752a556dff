#pragma once

#include <string>

#include "runtime/base/ids.h"

namespace Atoll {

// How to reach a process: who it is, where it runs, and its transport address.
struct Contact {
  ProcessId process = ProcessId::kNone;
  NodeId node = NodeId::kNone;
  std::string address;

  bool is_none() const { return process == ProcessId::kNone; }
  friend bool operator==(const Contact&, const Contact&) = default;
};

}  // namespace Atoll
