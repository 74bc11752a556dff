#pragma once

#include <ucp/api/ucp.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/wire/buffer_pool.h"
#include "runtime/wire/hello.h"
#include "runtime/wire/log_limit.h"
#include "runtime/wire/process_watch.h"
#include "runtime/wire/transport.h"
#include "runtime/wire/ucx_frames.h"
#include "runtime/wire/ucx_link.h"
#include "runtime/wire/ucx_sender.h"
#include "runtime/wire/ucx_worker.h"

namespace Atoll {

// The transport of real clusters: UCX active messages over whatever UCX finds
// best for a pair of processes; shared memory inside a node, InfiniBand, RoCE or
// TCP between nodes.
//
// UCX connects by worker addresses and speaks first, so a stranger who can reach
// its sockets reaches UCX's own parser before our hello, and its parser of addresses
// by an offer; nothing of ours.
class UcxTransport final : public Transport {
 public:
  struct Options {
    // Peers that have begun a hello and not finished it. More are not answered.
    std::size_t max_unproven = 4096;
    // How long the destructor may wait for what was sent to arrive.
    Duration linger = std::chrono::milliseconds(500);
    std::size_t tcp_window = 0;  // as UcxWorker's
  };

  // `handler` outlives the transport. Fails if UCX cannot start (kUnavailable,
  // kResourceExhausted).
  static Result<std::unique_ptr<UcxTransport>> create(ProcessId self, const Secret& secret, TransportHandler& handler,
                                                      const Options& options);
  static Result<std::unique_ptr<UcxTransport>> create(ProcessId self, const Secret& secret, TransportHandler& handler) {
    return create(self, secret, handler, Options());
  }
  ~UcxTransport() override;

  ProcessId self() const override { return self_; }
  const std::string& address() const override { return worker_->address(); }
  void learn(ProcessId peer, std::string address) override;
  std::string address_of(ProcessId peer) const override;
  Status send(ProcessId peer, std::string message) override;
  Status send_bulk(ProcessId peer, std::string message, Bulk bulk) override;
  void disconnect(ProcessId peer) override;
  bool progress(Time now) override;
  int event_fd() const override { return watch_.fd(); }
  bool arm() override;

 private:
  static constexpr std::size_t kIdleBufferBytes = std::size_t{64} << 20;
  static constexpr Duration kIdleBufferLimit = std::chrono::seconds(5);
  // How long to sleep where UCX refuses, each time twice as long as before: hundreds that wait for one beside them would
  // otherwise take the processor from it.
  static constexpr Duration kShortestNap = std::chrono::milliseconds(1);
  static constexpr Duration kLongestNap = std::chrono::milliseconds(16);

  // Messages of one link that UCX may hold, those to write into a full queue or socket. What the queue of a process beside us
  // has room for, or a socket, is not among them.
  static constexpr std::size_t kMostUnfinished = 64;

  // Where messages under one receive token go.
  struct Inlet {
    UcxLink* link;
    std::uint64_t token;
    std::uint32_t next_sequence;
  };
  struct Deadline {
    enum class Of { kUnproven, kHello, kClosing };
    Of of;
    Duration at;
    std::uint64_t id;  // of the hello, or the epoch of the link
    ProcessId peer;
  };
  struct Loss {
    ProcessId peer;
    std::uint64_t epoch;
    Status why;
  };
  // A hello that we have answered.
  struct Unproven {
    Hello hello;
    std::string address;                    // of who offered
    std::unique_ptr<UcxEndpoint> endpoint;  // to it; none: the one that the peer has with us already
  };
  // An offer or an answer that waits for its connection.
  struct FirstWord {
    ProcessId to;
    std::uint64_t unproven;  // of an answer: the hello's number; 0 for an offer
    Duration until;          // then it is left to UCX
    HelloHeader header;
    std::string body;
  };
  // What is left of a token whose link is gone. The latest stand in a ring: each by itself would keep a page of the heap.
  struct Tombstone {
    std::uint64_t receive_token = 0;
    ProcessId peer = ProcessId::kNone;  // kNone: the place is free
    std::uint64_t send_token = 0;
    std::uint64_t epoch = 0;
  };
  static constexpr std::size_t kTombstones = 1024;

  UcxTransport(ProcessId self, const Secret& secret, TransportHandler& handler, const Options& options,
               std::unique_ptr<UcxWorker> worker, Fd alarm, ProcessWatch watch);
  Status register_handlers();

  // Links (ucx_links.cc).
  UcxPeer* find(ProcessId peer);
  UcxPeer& at(ProcessId peer);
  UcxLink* find_link(ProcessId peer, std::uint64_t epoch);
  UcxLink& new_link(UcxPeer& peer);
  Result<UcxEndpoint*> endpoint_to(UcxPeer& peer);
  std::unique_ptr<UcxEndpoint> take_unproven_endpoint(const UcxPeer& peer);
  Status watch(UcxEndpoint& endpoint);
  void stop_watching(const UcxEndpoint& retired);
  void start_hello(UcxPeer& peer, UcxLink& link);
  void add_tokens(UcxLink& link, std::uint64_t send, std::uint64_t receive);
  void open(UcxLink& link);
  void flush(UcxLink& link);
  bool flush_stalled();
  void queue(UcxLink& link, UcxOutbound message);
  static bool may_send(const UcxLink& link) {
    return link.stage == UcxLink::Stage::kOpen && link.queue.empty() && link.window->unfinished < kMostUnfinished;
  }
  UcxLink* link_to(ProcessId peer);
  void send_data(UcxLink& link, std::string message);
  void send_bulk(UcxLink& link, const std::string& message, Bulk bulk);
  void check_sent(const UcxLink& link, ucs_status_t status);
  void send_control(UcxLink& link, Control control);
  void lose(UcxLink& link, const Status& why);
  void lose_and_tell(UcxLink& link, const Status& why);
  void remove(UcxLink& link);
  void finish_closing(UcxLink& link);
  void start_parked(UcxPeer& peer);
  void forget_long_lost();
  void retire_endpoint(UcxPeer& peer);
  void retire(std::unique_ptr<UcxEndpoint> endpoint);
  void set_deadline(Deadline::Of of, std::uint64_t id, ProcessId peer);

  // The first word on an endpoint (ucx_links.cc).
  void say_first(FirstWord word);
  bool say_first_words();
  bool is_said(FirstWord& word);
  UcxEndpoint* endpoint_for(const FirstWord& word);

  // What progress() does besides UCX's own.
  bool handle_failed_endpoints();
  bool handle_losses();
  void watch_processes();
  bool expire();
  void fail_dead(const std::set<ProcessId>& ended);
  void finish_retired();
  Duration longest_sleep() const;
  void set_alarm(Duration in);
  void set_napping(bool napping);
  static void on_endpoint_failed(void* self, UcxEndpoint& endpoint);

  // What arrives (ucx_receive.cc).
  static ucs_status_t on_hello_am(void* self, const void* header, std::size_t header_length, void* data,
                                  std::size_t length, const ucp_am_recv_param_t* param);
  static ucs_status_t on_data_am(void* self, const void* header, std::size_t header_length, void* data,
                                 std::size_t length, const ucp_am_recv_param_t* param);
  static ucs_status_t on_bulk_am(void* self, const void* header, std::size_t header_length, void* data,
                                 std::size_t length, const ucp_am_recv_param_t* param);
  static ucs_status_t on_control_am(void* self, const void* header, std::size_t header_length, void* data,
                                    std::size_t length, const ucp_am_recv_param_t* param);
  void on_offer(const HelloHeader& header, std::string_view message);
  bool give_endpoint(Unproven& unproven);
  void on_answer(UcxLink& link, const HelloHeader& header, std::string_view message);
  void on_proof(std::uint64_t hello_id, std::string_view message);
  void accept(Unproven unproven, std::uint64_t peer_epoch);
  UcxLink* link_to_accept(UcxPeer& peer, std::uint64_t peer_epoch);
  UcxLink* take_turn(const DataHeader& frame, std::size_t length);
  ucs_status_t receive_bulk(UcxLink& link, std::string_view message, void* data, std::size_t length, bool rendezvous);
  Status receive_rendezvous(UcxLink& link, void* descriptor, std::size_t length);
  Status start_receive(UcxInbound& inbound, void* descriptor, char* to, std::size_t length);
  static void on_rendezvous_done(void* request, ucs_status_t status, std::size_t length, void* inbound);
  void on_received(UcxInbound& inbound, ucs_status_t status);
  UcxInbound& hold(UcxLink& link);
  void deliver(UcxLink& link, std::string_view message);
  void drain(UcxLink& link);
  void on_control(const ControlHeader& header);
  void on_welcome(UcxLink& link, std::uint64_t epoch);
  void on_goodbye(UcxLink& link);
  void finish_goodbye(UcxLink& link);
  void on_unknown_token(std::uint64_t token);
  Inlet* find_inlet(std::uint64_t token);
  void log_dropped(const std::string& what);

  const ProcessId self_;
  const Secret secret_;
  TransportHandler& handler_;
  const Options options_;

  std::unordered_map<ProcessId, UcxPeer> peers_;
  UcxPeer* last_peer_ = nullptr;  // of the last send
  std::unordered_map<std::uint64_t, Inlet> inlets_;
  Inlet* last_inlet_ = nullptr;  // of the last message
  std::unordered_map<std::uint64_t, UcxLink*> begun_;
  std::unordered_map<std::uint64_t, Unproven> unproven_;  // the proof is awaited
  std::deque<FirstWord> first_words_;
  std::vector<Tombstone> tombstones_;
  std::size_t next_tombstone_ = 0;
  std::unordered_map<UcxInbound*, std::unique_ptr<UcxInbound>> receives_;
  BufferPool buffers_{kIdleBufferBytes, kIdleBufferLimit};
  std::uint64_t epochs_ = 0;

  // Time as far as progress() was called often enough to see answers: a process
  // that slept does not blame its peers.
  Duration watched_{0};
  Time last_progress_{};
  std::deque<Deadline> deadlines_;  // all are equally long, so they are in order

  std::vector<UcxLink*> stalled_;  // open, and UCX holds kMostUnfinished of their messages
  std::vector<std::unique_ptr<UcxLink>> graveyard_;
  std::vector<Loss> losses_;
  std::deque<ProcessId> lost_;  // the latest, the oldest first: their addresses are still known
  std::vector<ProcessId> failed_;
  std::vector<std::unique_ptr<UcxEndpoint>> retired_;
  bool in_progress_ = false;
  bool stopping_ = false;
  LogLimit dropped_;
  Time next_watch_{};
  Fd alarm_;  // wakes us for deadlines
  Duration alarm_set_{0};
  int refusals_ = 0;  // of UCX to sleep, since something last happened
  bool napping_ = false;
  Duration nap_ = kShortestNap;  // the next
  ProcessWatch watch_;

  // Destroyed first, in this order: the worker's end completes what UCX holds.
  UcxSender sender_;
  std::unique_ptr<UcxWorker> worker_;
};

}  // namespace Atoll
