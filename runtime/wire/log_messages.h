#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/wire/fields.h"

// The messages by which a person's tool reads what the processes of a cluster printed; messages.h has the rules. Who keeps
// such logs is asked: each daemon for its own and its workers', the head for its own.
namespace Atoll {

enum class LogKind : std::uint8_t { kWorker = 0, kDaemon = 1, kHead = 2 };

// What is kept of one process's output. Positions count its bytes from the first that it ever printed.
struct LogRecord {
  ProcessId process = ProcessId::kNone;
  std::uint64_t pid = 0;
  LogKind kind = LogKind::kWorker;
  std::string name;         // what it works as: an actor's name or class, a task's function; "" if it is not known
  ActorId actor;            // that it is, or was
  std::uint64_t begin = 0;  // what is kept: from here
  std::uint64_t end = 0;    // to here
  bool ended = false;       // the process: nothing is added
  ATOLL_MESSAGE_FIELDS(process, pid, kind, name, actor, begin, end, ended)
};

// tool -> daemon, head.
struct GetLogs {
  std::uint64_t request = 0;  // of the tool's own counting
  ATOLL_MESSAGE_FIELDS(request)
};
struct LogList {
  std::uint64_t request = 0;
  std::vector<LogRecord> logs;  // those that began first are first
  std::string why;              // nothing more is kept, in words; "" if all is well
  ATOLL_MESSAGE_FIELDS(request, logs, why)
};

// tool -> daemon, head: bytes of the log of `process` from position `from`, kMostLogBytes at most.
struct ReadLog {
  std::uint64_t request = 0;
  ProcessId process = ProcessId::kNone;
  std::uint64_t from = 0;
  std::uint32_t bytes = 0;
  ATOLL_MESSAGE_FIELDS(request, process, from, bytes)
};
// `from` is later than was asked for if what came before is not kept any more; no bytes: there are none beyond it yet, or
// no such log.
struct LogBytes {
  std::uint64_t request = 0;
  std::uint64_t from = 0;
  std::string bytes;
  std::string why;  // they cannot be read; from and bytes mean nothing then
  ATOLL_MESSAGE_FIELDS(request, from, bytes, why)
};
inline constexpr std::uint32_t kMostLogBytes = 256 * 1024;

}  // namespace Atoll
