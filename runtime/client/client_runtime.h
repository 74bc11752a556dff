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
#include "runtime/client/copy_table.h"
#include "runtime/client/io_turns.h"
#include "runtime/client/object_table.h"
#include "runtime/client/stream_table.h"
#include "runtime/timeline/recorder.h"
#include "runtime/wire/hello.h"
#include "runtime/wire/messenger.h"

namespace Atoll {

// What arrives at a client and is not the core's: work for a worker, answers to
// a tool. Called in a round of the I/O, by whichever thread does it.
class ClientListener {
 public:
  virtual ~ClientListener() = default;
  virtual void on_other_message(ProcessId from, Message message) = 0;
  virtual void on_peer_lost(ProcessId peer, const Status& why) = 0;
};

// The shell around ClientCore: a transport and a loop, which threads take turns
// at (io_turns.h): user threads that have work for them or wait for an answer in
// the ObjectTable, and a thread of its own for the rest of the time.
class ClientRuntime : private MessageHandler, private IoWork {
 public:
  struct Options {
    ProcessId self = ProcessId::kNone;
    NodeId node = NodeId::kNone;  // a driver is on none
    Secret secret;
    Contact head;
    ProcessId job = ProcessId::kNone;
    std::size_t tcp_window = 0;  // as UcxWorker's
  };

  // Opens the transport and starts the thread. `listener` outlives the runtime.
  static Result<std::unique_ptr<ClientRuntime>> start(const Options& options, ClientListener& listener);
  // Sends what is queued, then stops the thread and closes every connection.
  ~ClientRuntime() override;

  const Contact& self() const { return self_; }
  // The same as encode_contact() makes it, for all handles to objects of this process.
  const std::shared_ptr<const std::string>& self_text() const { return self_text_; }
  ProcessId job() const { return job_; }  // the driver that all this is done for
  ObjectTable& table() { return table_; }
  StreamTable& streams() { return streams_; }
  CopyTable& copies() { return copies_; }
  TimelineRecorder& timeline() { return timeline_; }
  // The daemon of this process's node, or the head's for who is on none. Constant once it was said, which comes before all use.
  const Contact& home() const { return home_; }
  // `role` of this process on the timeline; "": it leaves nothing there.
  void use_home(const Contact& home, const std::string& role = "");
  // Hands over what the timeline has of this process, for it ends.
  void hand_over_timeline();
  // By which another process can connect to that one; empty if this one does not. In a turn of the I/O.
  std::string address_of(ProcessId peer) const { return transport_->address_of(peer); }
  // An eventfd that wakes whoever sleeps for the I/O.
  int wake_fd() const { return wake_.get(); }
  std::uint64_t next_sequence() { return sequence_.fetch_add(1, std::memory_order_relaxed); }

  // Runs `work(Time now, ClientCore& core, ClientOutbox& out)` in a turn of the I/O, in order of posting: at once, in
  // this thread, if it is nobody's turn. Any thread.
  template <typename Work>
  void post(Work work) {
    const auto at_once = [&](Time at) {
      run_posted(at);
      work(at, *core_, out_);
      carry_out();
    };
    if (!turns_.try_run(at_once)) queue(std::move(work));
  }

  // Waits until `done`, doing the I/O meanwhile; see IoTurns::wait.
  template <typename Done>
  bool wait(Done done, std::optional<Time> deadline) {
    return turns_.wait(std::move(done), deadline);
  }

 private:
  ClientRuntime(const Options& options, ClientListener& listener, Loop loop);
  Status open(const Options& options);
  using Work = std::function<void(Time now, ClientCore& core, ClientOutbox& out)>;
  void queue(Work work);
  bool run_posted(Time now);
  template <typename T, typename Each>
  static void drain(std::vector<T>& all, Each each);
  void carry_out();
  std::shared_ptr<const std::vector<InsideRef>> held_inside(std::vector<InsideRef> inside);
  void let_go(std::vector<std::uint64_t> copies);
  // The timeline's part (client_timeline.cc).
  bool take_timeline_message(const Message& message);  // of home()
  void send_timeline(std::uint64_t flush);
  void say_last_words();
  void begin_timeline(const std::string& role);
  static GetClock clock_question();
  bool round(Time now) override;
  bool arm() override { return messenger_.arm(); }
  std::optional<Time> deadline() override { return deadline_; }
  void sleep(Time until) override { loop_.wait(now(), until); }
  void wake() override;
  void on_message(ProcessId from, Message message) override;
  void on_lost(ProcessId peer, const Status& why) override;
  Place place_for(ProcessId from, const Message& message, std::size_t bytes) override;

  ClientListener& listener_;
  Loop loop_;
  Messenger messenger_;
  std::unique_ptr<Transport> transport_;
  Contact self_;
  std::shared_ptr<const std::string> self_text_;
  ProcessId job_;
  IoTurns turns_;
  ObjectTable table_;
  StreamTable streams_;
  CopyTable copies_;
  Contact home_;
  ClientOutbox out_;
  std::unique_ptr<ClientCore> core_;
  TimelineRecorder timeline_;
  int clocks_heard_ = 0;  // answers to clock_question()
  std::optional<Time> deadline_;  // of the core, since carry_out() ran last: whatever changes the core is followed by it
  Time now_{};
  std::atomic<std::uint64_t> sequence_{1};

  std::mutex posted_mutex_;
  std::vector<Work> posted_;
  std::atomic<bool> any_posted_{false};
  Fd wake_;
  std::thread thread_;
};

}  // namespace Atoll
