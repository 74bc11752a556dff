#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/wire/buffer_pool.h"
#include "runtime/wire/hello.h"
#include "runtime/wire/transport.h"
#include "runtime/wire/ucx_endpoint.h"
#include "runtime/wire/ucx_sender.h"

namespace Atoll {

class UcxTransport;
struct UcxLink;

// A message that cannot be handed over yet: its bytes are still coming by
// rendezvous, or it stands behind one whose are. A goodbye keeps its place too.
struct UcxInbound {
  UcxTransport* owner = nullptr;
  UcxLink* link = nullptr;  // none once the link is gone: UCX still fills the bytes
  BufferPool::Buffer buffer;  // of the message, if it has no bulk
  std::size_t size = 0;
  std::string head;  // the message before a bulk
  Place place;
  bool complete = false;
  bool is_goodbye = false;
};

// A message that waits for its connection, or for others before it.
struct UcxOutbound {
  std::string message;
  Bulk bulk;  // if it has bytes
};

// One connection to one process, as the owner of the transport sees it. Both
// processes may begin one at the same time: then one link carries two hellos,
// each side sends under the one it began, and losing the link loses both.
//
// Links of one transport are numbered upward (epoch), and proof and control tell
// the number: who sees a peer's number grow knows that the peer lost the link
// that this side still holds.
struct UcxLink {
  enum class Stage {
    kParked,  // waits until an older link to the same process is closed
    kHello,   // we began and are not answered yet: messages queue
    kOpen,    // messages flow
  };
  struct Tokens {
    std::uint64_t send;
    std::uint64_t receive;
  };

  UcxLink(ProcessId peer_id, std::uint64_t number) : peer(peer_id), epoch(number) {}

  ProcessId peer;
  std::uint64_t epoch;
  std::uint64_t peer_epoch = 0;  // 0: not told yet
  Stage stage = Stage::kParked;
  bool confirmed = false;  // the peer said that it took our proof, or we took its
  bool closing = false;    // by disconnect(): what comes is thrown away
  bool dead = false;       // kept until progress() returns, for those still holding it

  UcxEndpoint* endpoint = nullptr;
  std::optional<Hello> hello;  // the one we began, until it is answered
  std::uint64_t hello_id = 0;
  std::vector<Tokens> tokens;  // of each hello that is done

  std::uint64_t send_token = 0;
  std::uint32_t send_sequence = 0;
  // What waits until kOpen, and then until UCX holds fewer: it keeps the memory of as many as it ever held, some 300 bytes each.
  std::list<UcxOutbound> queue;
  std::shared_ptr<UcxWindow> window = std::make_shared<UcxWindow>();
  bool stalled = false;  // the transport looks whether more may be sent
  std::list<UcxInbound*> held;   // in order; the first is incomplete
};

// Everything about one other process: of most no more than the address is left. An empty deque would take half a kilobyte.
struct UcxPeer {
  explicit UcxPeer(ProcessId peer_id) : id(peer_id) {}

  ProcessId id;
  std::string address;                    // empty: not told
  std::unique_ptr<UcxEndpoint> endpoint;  // outlives links that end without its fault
  std::unique_ptr<UcxLink> link;
  std::vector<std::unique_ptr<UcxLink>> closing;  // by disconnect(); parked ones wait for those before them
};

}  // namespace Atoll
