#pragma once

#include <memory>

#include "runtime/client/client_runtime.h"
#include "runtime/client/process.h"
#include "runtime/session/session.h"

namespace Atoll {

// Starts a runtime under a new name that speaks to the head of the session's cluster; kInfeasible if they are of different
// Atolls. `listener` outlives it.
Result<std::unique_ptr<ClientRuntime>> join(const Session& session, ClientListener& listener);

// A client that is attached to a cluster's head: what a driver has, and every
// command that asks the head something.
class Connection {
 public:
  // Connects and attaches; waits until the cluster is ready or `deadline`.
  static Result<std::unique_ptr<Connection>> open(const Session& session, ClientKind kind, Time deadline);
  // A driver's job is ended; whatever it made goes.
  ~Connection();

  ClientRuntime& runtime() { return *runtime_; }
  const Attached& attached() const { return attached_; }

  // Asks the head. kTimedOut at the deadline.
  Result<StatusReport> status(Time deadline);

 private:
  Connection(ClientKind kind, ProcessId head) : kind_(kind), answers_(head) {}
  Status attach(const Contact& head, Time deadline);

  ClientKind kind_;
  ProcessId head_ = ProcessId::kNone;
  Answers answers_;
  std::unique_ptr<ClientRuntime> runtime_;
  Attached attached_;
};

// The contact of a process as an object's owner, and back.
std::string encode_contact(const Contact& contact);
Result<Contact> decode_contact(const std::string& bytes);

// In a worker: connects to its daemon and runs what it is sent. Never returns.
[[noreturn]] void run_worker_process(const std::string& start);

}  // namespace Atoll
