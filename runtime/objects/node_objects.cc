#include "runtime/objects/node_objects.h"

#include <algorithm>
#include <utility>

namespace Atoll {

void NodeObjects::hold(Time now, ProcessId from, const HoldCopy& wanted, ObjectOutbox& out) {
  if (wanted.keeper.is_none() || wanted.keeper.process == self_)
    store_.handle(now, from, wanted, out);
  else
    pulls_.want(now, from, wanted, out);
}

// What the store says to the daemon itself is for the pulls.
void NodeObjects::hear_self(Time now, ObjectOutbox& out) {
  const auto is_own = [this](const Outbox::Letter& letter) { return letter.to == self_; };
  for (auto own = std::ranges::find_if(out.letters, is_own); own != out.letters.end();
       own = std::ranges::find_if(out.letters, is_own)) {
    const Message message = std::move(own->message);
    out.letters.erase(own);
    std::visit(
        [&](const auto& said) {
          if constexpr (requires { pulls_.handle(now, self_, said, out); }) pulls_.handle(now, self_, said, out);
        },
        message);
  }
}

std::optional<std::uint64_t> NodeObjects::pin_to_send(ProcessId from, const ReadCopy& read, ObjectOutbox& out) {
  const std::optional<std::uint64_t> offset = store_.place_of(from, read);
  if (!offset) {
    out.send(from, CopyGone{read.request, "it is not held by who reads it, or not as long"});
    return std::nullopt;
  }
  store_.pin(read.copy);
  bytes_sent_ += read.bytes;
  return offset;
}

std::optional<PullTable::Target> NodeObjects::pin_to_receive(ProcessId from, const CopyBytes& part) {
  const std::optional<PullTable::Target> target = pulls_.place_of(from, part);
  if (target) store_.pin(target->copy);
  return target;
}

void NodeObjects::unpin(Time now, std::uint64_t copy, ObjectOutbox& out) {
  store_.unpin(now, copy, out);
  hear_self(now, out);
}

void NodeObjects::on_spill(Time now, const SpillEvent& event, ObjectOutbox& out) {
  store_.on_spill(now, event, out);
  hear_self(now, out);
}

void NodeObjects::on_ended(Time now, ProcessId process, ObjectOutbox& out) {
  store_.on_ended(now, process, out);
  pulls_.on_ended(now, process, out);
  hear_self(now, out);
}

void NodeObjects::on_node_died(Time now, ProcessId daemon, const std::string& why, ObjectOutbox& out) {
  pulls_.on_node_died(daemon, why);
  on_ended(now, daemon, out);
}

void NodeObjects::on_tick(Time now, ObjectOutbox& out) {
  store_.on_tick(now, out);
  hear_self(now, out);
}

}  // namespace Atoll
