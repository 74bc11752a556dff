#pragma once

#include "runtime/wire/outbox.h"
#include "runtime/wire/traffic.h"
#include "runtime/wire/transport.h"

namespace Atoll {

// Receives decoded messages; called from inside Messenger::progress().
class MessageHandler {
 public:
  virtual ~MessageHandler() = default;
  virtual void on_message(ProcessId from, Message message) = 0;
  // As TransportHandler::place_for.
  virtual Place place_for(ProcessId /*from*/, const Message& /*message*/, std::size_t /*bytes*/) { return {}; }
  virtual void on_lost(ProcessId peer, const Status& why) = 0;
  // Of a peer whose messages are counted.
  virtual PeerClass class_of(ProcessId /*peer*/) const { return PeerClass::kOther; }
};

// Messages over a transport: encodes what machines send, decodes what arrives.
// A peer whose message does not decode loses its connection, with one log line.
// Used by the thread of its transport.
class Messenger : public TransportHandler {
 public:
  explicit Messenger(MessageHandler& handler) : handler_(handler) {}

  // Must be called once, before anything else; the transport was made with this
  // messenger as its handler and outlives it.
  void use(Transport& transport) { transport_ = &transport; }

  Transport& transport() { return *transport_; }

  // Says everything in `out` and empties it. What cannot be sent, since the
  // peer is unknown, is reported as a lost peer by the next progress().
  void deliver(Outbox& out);
  void send(ProcessId to, const Message& message);
  // With a bulk of at least a byte behind it (transport.h).
  void send(ProcessId to, const Message& message, Bulk bulk);

  // From now on messages are counted there, which outlives this; nothing is before.
  void count_in(TrafficByClass& traffic) { traffic_ = &traffic; }

  // One round of the transport; returns whether anything happened.
  bool progress(Time now);

  // Whether the owner may sleep on transport().event_fd(); as Transport::arm().
  bool arm() { return unreachable_.empty() && transport_->arm(); }

  void on_message(ProcessId from, std::string_view message) override;
  Place place_for(ProcessId from, std::string_view message, std::size_t bytes) override;
  void on_lost(ProcessId peer, const Status& why) override;

 private:
  void check_sent(ProcessId to, const Message& message, const Status& status);
  void count_sent(ProcessId to, std::size_t bytes);
  void count_received(ProcessId from, std::size_t bytes);
  void refuse(ProcessId from, const Status& why);

  MessageHandler& handler_;
  Transport* transport_ = nullptr;
  TrafficByClass* traffic_ = nullptr;  // null: nobody wants to know
  std::vector<std::pair<ProcessId, Status>> unreachable_;
};

}  // namespace Atoll
