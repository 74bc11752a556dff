#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/base/loop.h"
#include "runtime/client/client_core.h"
#include "runtime/client/object_table.h"
#include "runtime/wire/hello.h"
#include "runtime/wire/messenger.h"

namespace Atoll {

// What arrives at a client and is not the core's: work for a worker, answers to
// a tool. Called by the I/O thread.
class ClientListener {
 public:
  virtual ~ClientListener() = default;
  virtual void on_other_message(ProcessId from, Message message) = 0;
  virtual void on_peer_lost(ProcessId peer, const Status& why) = 0;
};

// The shell around ClientCore: a transport, a loop and the one thread that owns
// both. User threads post closures to it and wait in its ObjectTable.
class ClientRuntime : private MessageHandler {
 public:
  struct Options {
    ProcessId self = ProcessId::kNone;
    NodeId node = NodeId::kNone;  // a driver is on none
    Secret secret;
    Contact head;
    ProcessId job = ProcessId::kNone;
  };

  // Opens the transport and starts the thread. `listener` outlives the runtime.
  static Result<std::unique_ptr<ClientRuntime>> start(const Options& options, ClientListener& listener);
  // Sends what is queued, then stops the thread and closes every connection.
  ~ClientRuntime() override;

  const Contact& self() const { return self_; }
  ProcessId job() const { return job_; }  // the driver that all this is done for
  ObjectTable& table() { return table_; }
  std::uint64_t next_sequence() { return sequence_.fetch_add(1, std::memory_order_relaxed); }

  // Runs `work` on the I/O thread, in order of posting. Any thread.
  using Work = std::function<void(Time now, ClientCore& core, ClientOutbox& out)>;
  void post(Work work);

 private:
  ClientRuntime(const Options& options, ClientListener& listener, Loop loop);
  Status open(const Options& options);
  void run();
  bool run_posted(Time now);
  void carry_out();
  void on_message(ProcessId from, Message message) override;
  void on_lost(ProcessId peer, const Status& why) override;

  ClientListener& listener_;
  Loop loop_;
  Messenger messenger_;
  std::unique_ptr<Transport> transport_;
  Contact self_;
  ProcessId job_;
  ObjectTable table_;
  ClientOutbox out_;
  std::unique_ptr<ClientCore> core_;
  Time now_{};
  std::atomic<std::uint64_t> sequence_{1};

  std::mutex posted_mutex_;
  std::vector<Work> posted_;
  bool sleeping_ = false;  // guarded by posted_mutex_: a post must wake the thread
  bool stopping_ = false;  // likewise
  Fd wake_;
  std::thread thread_;
};

}  // namespace Atoll
