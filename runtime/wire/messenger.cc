#include "runtime/wire/messenger.h"

#include "runtime/base/log.h"
#include "runtime/wire/codec.h"

namespace Atoll {

void Messenger::deliver(Outbox& out) {
  for (Contact& contact : out.contacts)
    transport_->learn(contact.process, std::move(contact.address));
  for (const Outbox::Letter& letter : out.letters)
    send(letter.to, letter.message);
  out.clear();
}

void Messenger::send(ProcessId to, const Message& message) {
  std::string bytes = encode(message);
  if (traffic_ != nullptr) count_sent(to, bytes.size());
  check_sent(to, message, transport_->send(to, std::move(bytes)));
}

void Messenger::send(ProcessId to, const Message& message, Bulk bulk) {
  std::string bytes = encode(message);
  if (traffic_ != nullptr) count_sent(to, bytes.size() + bulk.bytes.size());
  check_sent(to, message, transport_->send_bulk(to, std::move(bytes), std::move(bulk)));
}

void Messenger::count_sent(ProcessId to, std::size_t bytes) {
  Traffic& traffic = (*traffic_)[static_cast<std::size_t>(handler_.class_of(to))];
  ++traffic.messages_out;
  traffic.bytes_out += bytes;
}

void Messenger::count_received(ProcessId from, std::size_t bytes) {
  Traffic& traffic = (*traffic_)[static_cast<std::size_t>(handler_.class_of(from))];
  ++traffic.messages_in;
  traffic.bytes_in += bytes;
}

void Messenger::check_sent(ProcessId to, const Message& message, const Status& status) {
  if (status.ok()) return;
  log::debug("cannot send {} to {}: {}", name_of(message), to_string(to),
             status.message());
  unreachable_.emplace_back(to, status);
}

bool Messenger::progress(Time now) {
  bool any = transport_->progress(now);
  // The handler may send, and so add to the list, while it is told.
  for (const auto& [peer, why] : std::exchange(unreachable_, {})) {
    handler_.on_lost(peer, why);
    any = true;
  }
  return any;
}

void Messenger::on_message(ProcessId from, std::string_view bytes) {
  if (traffic_ != nullptr) count_received(from, bytes.size());
  Result<Message> message = decode(bytes);
  if (message.ok())
    handler_.on_message(from, std::move(*message));
  else
    refuse(from, message.status());
}

Place Messenger::place_for(ProcessId from, std::string_view head, std::size_t bytes) {
  if (traffic_ != nullptr) (*traffic_)[static_cast<std::size_t>(handler_.class_of(from))].bytes_in += bytes;
  const Result<Message> message = decode(head);
  if (message.ok()) return handler_.place_for(from, *message, bytes);
  refuse(from, message.status());
  return {};
}

void Messenger::refuse(ProcessId from, const Status& why) {
  log::warn("closing the connection of {}: {}", to_string(from), why.message());
  transport_->disconnect(from);
  handler_.on_lost(from, why);
}

void Messenger::on_lost(ProcessId peer, const Status& why) {
  handler_.on_lost(peer, why);
}

}  // namespace Atoll
