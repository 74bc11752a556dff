#include "tests/sim/network.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace Atoll::sim {

// ----------------------------------------------------------------------- clock

void Clock::at(Time when, Event event) {
  heap_.push_back({std::max(when, now_), planned_++, std::move(event)});
  std::push_heap(heap_.begin(), heap_.end(), Later());
}

bool Clock::step(Time end) {
  if (heap_.empty() || heap_.front().when > end) {
    now_ = std::max(now_, end);
    return false;
  }
  std::pop_heap(heap_.begin(), heap_.end(), Later());
  const Planned next = std::move(heap_.back());
  heap_.pop_back();
  now_ = next.when;
  next.event();
  return true;
}

// --------------------------------------------------------------------- network

Network::Network(Clock& clock, std::uint64_t seed, Faults faults)
    : clock_(clock), random_(seed), faults_(std::move(faults)) {}

bool Network::chance(double probability) {
  if (probability <= 0) return false;
  return static_cast<double>(random_() >> 11) * 0x1p-53 < probability;
}

Duration Network::delay() {
  const auto span = static_cast<std::uint64_t>((faults_.most_delay - faults_.least_delay).count());
  return faults_.least_delay + Duration(static_cast<Duration::rep>(random_() % (span + 1)));
}

void Network::add(ProcessId id, Host host, Endpoint& endpoint) {
  const bool is_new = processes_.try_emplace(id, Process{host, &endpoint, {}, {}}).second;
  ATOLL_CHECK(is_new, id);
}

Network::Process* Network::find(ProcessId id) {
  const auto entry = processes_.find(id);
  return entry == processes_.end() ? nullptr : &entry->second;
}

void Network::remove(ProcessId id) {
  Process* process = find(id);
  if (process == nullptr) return;
  process->endpoint = nullptr;
  const std::set<ProcessId> peers = process->connected;
  for (const ProcessId peer : peers)
    if (reachable(process->host, find(peer)->host)) break_connection(id, peer, "connection reset");
  if (process->connected.empty()) processes_.erase(id);
}

void Network::send(ProcessId from, ProcessId to, std::string bytes) {
  Process* sender = find(from);
  if (sender == nullptr) return;
  const bool knows = sender->known.contains(to) || sender->connected.contains(to);
  Process* receiver = find(to);
  const bool silent = receiver != nullptr && !reachable(sender->host, receiver->host);
  const bool ended = receiver == nullptr || receiver->endpoint == nullptr;
  if (!knows || (ended && !silent)) {
    const std::string why = knows ? "connection refused" : "it was never learned how to reach it";
    return clock_.after(delay(), [this, from, to, why] { tell_lost(from, to, why); });
  }
  sender->connected.insert(to);
  receiver->connected.insert(from);
  const std::size_t place = static_cast<unsigned char>(bytes[0]);
  if (faults_.repeated.contains(place)) {
    if (chance(faults_.drop)) return;
    if (chance(faults_.twice)) plan(from, to, bytes);
  }
  plan(from, to, std::move(bytes));
}

void Network::plan(ProcessId from, ProcessId to, std::string bytes) {
  Wire& wire = wires_[{from, to}];
  wire.last = std::max(clock_.now() + delay(), wire.last);
  clock_.at(wire.last, [this, from, to, connection = wire.connection, bytes = std::move(bytes)] {
    deliver(from, to, connection, bytes);
  });
}

void Network::deliver(ProcessId from, ProcessId to, std::uint64_t connection, const std::string& bytes) {
  const Process* receiver = find(to);
  if (receiver == nullptr || receiver->endpoint == nullptr || wires_[{from, to}].connection != connection) return;
  const Process* sender = find(from);
  if (sender != nullptr && !reachable(sender->host, receiver->host)) {
    held_.push_back({from, to, connection, bytes});
    return;
  }
  note(from, to, bytes);
  receiver->endpoint->on_bytes(from, bytes);
}

void Network::heal(Host host) {
  cut_.erase(host);
  std::set<ProcessId> ended;
  for (const auto& [id, process] : processes_)
    if (process.endpoint == nullptr) ended.insert(id);
  for (const ProcessId id : ended) remove(id);
  for (Held& held : std::exchange(held_, {}))
    clock_.after(Duration(1), [this, held = std::move(held)] { deliver(held.from, held.to, held.connection, held.bytes); });
}

void Network::sever(Host a, Host b) {
  std::set<Pair> broken;
  for (const auto& [id, process] : processes_) {
    if (process.host != a) continue;
    for (const ProcessId peer : process.connected)
      if (const Process* other = find(peer); other != nullptr && other->host == b)
        broken.insert(std::minmax(id, peer));
  }
  for (const auto& [first, second] : broken) break_connection(first, second, "connection reset");
}

void Network::break_connection(ProcessId a, ProcessId b, const std::string& why) {
  for (const Pair& pair : {Pair{a, b}, Pair{b, a}}) {
    Wire& wire = wires_[pair];
    ++wire.connection;
    Process* self = find(pair.first);
    if (self == nullptr) continue;
    self->connected.erase(pair.second);
    // What was delivered before stays delivered: the news comes after it.
    clock_.after(delay(), [this, self = pair.first, peer = pair.second, why] { tell_lost(self, peer, why); });
  }
}

void Network::tell_lost(ProcessId self, ProcessId peer, const std::string& why) {
  const Process* process = find(self);
  if (process == nullptr || process->endpoint == nullptr) return;
  note(peer, self, why);
  process->endpoint->on_lost(peer, Status(Code::kUnavailable, why));
}

void Network::note(ProcessId from, ProcessId to, std::string_view bytes) {
  const auto mix = [this](std::uint64_t value) { trace_ = (trace_ ^ value) * 0x100000001b3ULL; };
  mix(static_cast<std::uint64_t>(clock_.now().time_since_epoch().count()));
  mix(static_cast<std::uint64_t>(from));
  mix(static_cast<std::uint64_t>(to));
  mix(std::hash<std::string_view>()(bytes));
  ++delivered_;
}

}  // namespace Atoll::sim
