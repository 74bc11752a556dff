#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/base/status.h"

namespace Atoll {

// The longest message a transport carries, in bytes. A longer one is refused at
// the sender, and a peer that announces one loses its connection.
inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 30;

// Fails (kInvalidArgument) if a message of `size` bytes to `peer` is too long.
Status check_message_size(ProcessId peer, std::size_t size);

// kNotFound, for one that was neither learned nor has connected.
Status unknown_process(ProcessId peer);

// Bytes that travel behind a message, from where they lie to where the receiver wants them: neither end copies them but as
// the wire does. They do not change until `keep` is let go of.
struct Bulk {
  std::string_view bytes;
  std::shared_ptr<const void> keep;
};
// The longest message with a bulk behind it, in bytes.
inline constexpr std::size_t kMaxBulkHead = 256;

// Where the bulk of a message goes. It is written to until `keep` is let go of, also after the connection was lost.
struct Place {
  char* at = nullptr;  // none: nobody wants the message
  std::shared_ptr<void> keep;
};

// Fails (kInvalidArgument) if a message of `head` bytes cannot have a bulk of `bytes` behind it.
Status check_bulk_size(ProcessId peer, std::size_t head, std::size_t bytes);

// What a transport tells its owner, always from inside progress().
class TransportHandler {
 public:
  virtual ~TransportHandler() = default;

  // `message` came from `from`, which has proved that it knows the cluster
  // secret. Messages of one peer come once and in the order they were sent.
  // The bytes are the transport's and live until the call returns.
  virtual void on_message(ProcessId from, std::string_view message) = 0;

  // `message` is coming from `from` with `bytes` bytes behind it; on_message is called for it when they lie where this
  // says. May be called before on_message for what was sent earlier.
  virtual Place place_for(ProcessId /*from*/, std::string_view /*message*/, std::size_t /*bytes*/) { return {}; }

  // The connection to `peer` is gone, or never came to be: what was sent and
  // not answered may or may not have arrived. Comes once per connection; a
  // later send() to the peer begins a new one.
  virtual void on_lost(ProcessId peer, const Status& why) = 0;
};

// One process's end of authenticated, ordered, reliable connections to other
// processes of its cluster. Used by one thread. Implementations: UCX
// (ucx_transport.h) and an in-memory twin with faults (memory_transport.h);
// tests/unit/transport_test.cc holds both to the same sentences:
//
// TRANSPORT-1 messages to one peer arrive in order, once, or on_lost is called
// TRANSPORT-2 no byte of a peer is interpreted beyond the fixed-size hello
//             before the peer has proved the secret (hello.h)
// TRANSPORT-3 a message that is malformed, too long or of a forged connection
//             closes its connection with one log line and harms no other
// TRANSPORT-4 an idle transport uses no CPU: arm(), then sleep on event_fd()
// TRANSPORT-5 a message with a bulk comes in its turn and when the bulk lies at its place; without a place it is dropped.
//             Bulk and place are let go of when nothing touches them any more, whatever became of the connection
class Transport {
 public:
  virtual ~Transport() = default;

  virtual ProcessId self() const = 0;

  // Opaque bytes, at most 4 KiB, by which other processes connect to this one.
  // Constant after construction.
  virtual const std::string& address() const = 0;

  // Makes `peer` known. Nothing is sent yet. A second call for the same peer
  // replaces the address used by the next connection.
  virtual void learn(ProcessId peer, std::string address) = 0;

  // By which `peer` is connected to; empty if it was neither learned nor has connected.
  virtual std::string address_of(ProcessId peer) const = 0;

  // Queues `message` for `peer` and begins a connection if there is none: the
  // peer was learned, or has connected to us. Fails, and queues nothing, if the
  // peer is unknown (kNotFound) or the message too long (kInvalidArgument).
  // Never blocks and calls no handler.
  virtual Status send(ProcessId peer, std::string message) = 0;

  // The same for a message with a bulk behind it, which has at least a byte (kInvalidArgument).
  virtual Status send_bulk(ProcessId peer, std::string message, Bulk bulk) = 0;

  // Closes the connection to `peer`, if any, after what was queued is flushed.
  // The handler's on_lost is not called for it.
  virtual void disconnect(ProcessId peer) = 0;

  // Moves what can be moved without blocking and calls the handler. Returns
  // whether anything happened; call again while it does. `now` drives the
  // deadline of unfinished hellos (kHelloTimeout).
  virtual bool progress(Time now) = 0;

  // A descriptor that becomes readable when progress() has work, valid after
  // arm() returned true. arm() returning false means: progress() first.
  virtual int event_fd() const = 0;
  virtual bool arm() = 0;
};

// A connection that has not proved itself by then is closed.
inline constexpr Duration kHelloTimeout = std::chrono::seconds(5);

}  // namespace Atoll
