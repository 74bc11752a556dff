#include <algorithm>
#include <functional>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/wire/memory_transport.h"

namespace Atoll {
namespace {

Status unavailable(std::string why) { return Status(Code::kUnavailable, std::move(why)); }

}  // namespace

MemoryNetwork::MemoryNetwork(std::uint64_t seed, const Faults& faults, HelloMode hello_mode)
    : faults_(faults), hello_mode_(hello_mode), random_state_(seed) {
  ATOLL_CHECK(faults.min_latency <= faults.max_latency);
}

MemoryNetwork::~MemoryNetwork() {
  for (const Process& process : processes_) ATOLL_CHECK(process.transport == nullptr, process.id);
}

// Processes and what is between them.

std::unique_ptr<MemoryTransport> MemoryNetwork::add(ProcessId self, const Secret& secret, TransportHandler& handler) {
  const Index index = place_of(self);
  Process& process = processes_[index];
  ATOLL_CHECK(process.handler == nullptr, self);
  std::unique_ptr<MemoryTransport> transport(new MemoryTransport(*this, index, self));
  process.secret = secret;
  process.handler = &handler;
  process.transport = transport.get();
  return transport;
}

MemoryNetwork::Index MemoryNetwork::place_of(ProcessId id) {
  const auto [place, fresh] = index_.emplace(id, static_cast<Index>(processes_.size()));
  if (fresh) processes_.push_back({id, {}, nullptr, nullptr, {}, false});
  return place->second;
}

MemoryNetwork::Link& MemoryNetwork::link_between(Index a, Index b) {
  const std::uint64_t key = std::uint64_t(std::min(a, b)) << 32 | std::max(a, b);
  return links_.try_emplace(key, Link{{a, b}, {kNone, kNone}, {}, {}}).first->second;
}

void MemoryNetwork::cut(ProcessId a, ProcessId b, Notice notice) {
  Link& link = link_between(place_of(a), place_of(b));
  link.cut = notice;
  if (notice == Notice::kLoud) break_link(link, unavailable("the network is cut"));
}

void MemoryNetwork::heal(ProcessId a, ProcessId b) {
  Link& link = link_between(place_of(a), place_of(b));
  link.cut.reset();
  break_if_missed(link);
}

void MemoryNetwork::isolate(ProcessId id, Notice notice) {
  const Index index = place_of(id);
  processes_[index].isolated = notice;
  if (notice != Notice::kLoud) return;
  for_each_link(index, [this](Link& link) { break_link(link, unavailable("the network is cut")); });
}

void MemoryNetwork::rejoin(ProcessId id) {
  const Index index = place_of(id);
  processes_[index].isolated.reset();
  for_each_link(index, [this](Link& link) { break_if_missed(link); });
}

void MemoryNetwork::kill(ProcessId id, Notice notice) {
  const Index index = place_of(id);
  Process& process = processes_[index];
  if (process.transport == nullptr) return;
  if (notice == Notice::kLoud)
    for_each_link(index, [&](Link& link) { break_link(link, unavailable("process " + to_string(id) + " is gone")); });
  process.vanished = notice == Notice::kSilent;
  process.transport = nullptr;
}

void MemoryNetwork::for_each_link(Index process, const std::function<void(Link&)>& act) {
  // In an order that does not depend on addresses: what happens must follow from the seed alone.
  const MemoryTransport* transport = processes_[process].transport;
  if (transport == nullptr) return;
  std::vector<std::pair<Index, Link*>> links;
  for (const auto& [id, peer] : transport->peers_) links.emplace_back(place_of(id), peer.link);
  std::sort(links.begin(), links.end());
  for (const auto& [other, link] : links) act(*link);
}

std::optional<MemoryNetwork::Notice> MemoryNetwork::obstacle(const Link& link) const {
  std::optional<Notice> worst = link.cut;
  for (const Index index : link.process) {
    const Process& process = processes_[index];
    if (process.isolated == Notice::kSilent || process.vanished) return Notice::kSilent;
    if (process.isolated && !worst) worst = process.isolated;
  }
  return worst;
}

// What one side of a link does.

void MemoryNetwork::send(Link& link, int side, Content content, bool right_address) {
  if (processes_[link.process[side]].transport == nullptr) return;
  if (link.session[side] == kNone) {
    if (!join(link, side)) begin(link, side, right_address);
    schedule(now_ + kHelloTimeout, link.session[side], side, Kind::kTimeout, {});
  }
  const Index index = link.session[side];
  Session& session = sessions_[index];
  if (session.ready[side])
    transmit(index, 1 - side, Kind::kMessage, std::move(content));
  else if (session.alive)
    session.queue[side].push_back(std::move(content));
}

// Takes part in a connection that the other side is just beginning.
bool MemoryNetwork::join(Link& link, int side) {
  const Index theirs = link.session[1 - side];
  if (theirs == kNone) return false;
  const Session& session = sessions_[theirs];
  if (!session.alive || session.beginner == side || session.ready[side] || session.left[side]) return false;
  link.session[side] = theirs;
  return true;
}

void MemoryNetwork::begin(Link& link, int side, bool right_address) {
  const Index index = new_session(link, side);
  Session& session = sessions_[index];
  const Process& self = processes_[link.process[side]];
  const Process& target = processes_[link.process[1 - side]];
  const bool running = target.transport != nullptr || target.vanished;
  if (!running || !right_address)
    return break_session(index, unavailable("process " + to_string(target.id) + " cannot be reached"));
  std::string offer;
  if (hello_mode_ == HelloMode::kFull) {
    session.hello[side] = std::make_unique<Hello>(Hello::connecting(self.secret, self.id, target.id));
    offer = session.hello[side]->offer();
  }
  transmit(index, 1 - side, Kind::kOffer, {std::move(offer), {}});
}

void MemoryNetwork::disconnect(Link& link, int side) {
  const Index index = link.session[side];
  if (index == kNone) return;
  Session& session = sessions_[index];
  session.left[side] = true;
  link.session[side] = kNone;
  if (session.ready[side]) say_goodbye(index, side);
  release(index);
}

// Behind all that is under way to the other side.
void MemoryNetwork::say_goodbye(Index index, int side) {
  Link& link = *sessions_[index].link;
  const ProcessId self = processes_[link.process[side]].id;
  transmit(index, 1 - side, Kind::kLost, {"process " + to_string(self) + " closed the connection", {}});
}

MemoryNetwork::Index MemoryNetwork::new_session(Link& link, int beginner) {
  Index index = static_cast<Index>(sessions_.size());
  if (free_sessions_.empty()) {
    sessions_.emplace_back();
  } else {
    index = free_sessions_.back();
    free_sessions_.pop_back();
  }
  Session& session = sessions_[index];
  session.link = &link;
  session.beginner = beginner;
  session.alive = true;
  link.session[beginner] = index;
  return index;
}

// Forgets a session that no side and no event knows any more.
void MemoryNetwork::release(Index index) {
  Session& session = sessions_[index];
  if (session.link == nullptr || session.events != 0) return;
  if (session.link->session[0] == index || session.link->session[1] == index) return;
  session = Session();
  free_sessions_.push_back(index);
}

// How connections end.

// Nothing of the session arrives any more; both sides are told.
void MemoryNetwork::break_session(Index index, const Status& why) {
  Session& session = sessions_[index];
  if (!session.alive) return;
  session.alive = false;
  for (const int side : {0, 1})
    if (session.link->session[side] == index)
      schedule(arrival(), index, side, Kind::kLost, {why.message(), {}}, why.code());
}

// Behind a silent cut nobody learns of it before the cut heals.
void MemoryNetwork::break_link(Link& link, const Status& why) {
  const bool silent = obstacle(link) == Notice::kSilent;
  for (const Index index : link.session) {
    if (index == kNone) continue;
    if (silent)
      sessions_[index].missed = true;
    else
      break_session(index, why);
  }
}

void MemoryNetwork::break_if_missed(Link& link) {
  if (obstacle(link) == Notice::kSilent) return;
  for (const Index index : link.session)
    if (index != kNone && sessions_[index].missed) break_session(index, unavailable("the network was cut"));
}

void MemoryNetwork::lose(Index index, int side, const Status& why) {
  Link& link = *sessions_[index].link;
  if (link.session[side] != index) return;
  link.session[side] = kNone;
  const Process& process = processes_[link.process[side]];
  if (process.transport != nullptr) process.handler->on_lost(processes_[link.process[1 - side]].id, why);
}

// Time.

std::optional<Time> MemoryNetwork::next_event() const {
  if (due_.empty()) return {};
  return due_.front().at;
}

std::size_t MemoryNetwork::advance_to(Time time) {
  ATOLL_CHECK(!advancing_);
  advancing_ = true;
  std::size_t count = 0;
  for (; !due_.empty() && due_.front().at <= time; ++count) {
    const Due due = due_.front();
    std::pop_heap(due_.begin(), due_.end(), std::greater<>());
    due_.pop_back();
    now_ = std::max(now_, due.at);
    Event event = std::move(events_[due.event]);
    free_events_.push_back(due.event);
    happen(event);
    --sessions_[event.session].events;
    release(event.session);
  }
  now_ = std::max(now_, time);
  advancing_ = false;
  return count;
}

void MemoryNetwork::transmit(Index index, int to, Kind kind, Content content) {
  Session& session = sessions_[index];
  if (!session.alive) return;
  Link& link = *session.link;
  if (const std::optional<Notice> notice = obstacle(link)) {
    session.missed = true;
    if (*notice == Notice::kLoud) break_session(index, unavailable("the network is cut"));
    return;
  }
  if (kind == Kind::kMessage) {
    if (chance(faults_.break_probability)) return break_session(index, unavailable("the connection broke"));
    if (chance(faults_.drop_probability)) return;
    if (chance(faults_.duplicate_probability)) schedule(arrival() + faults_.max_latency, index, to, kind, content);
  }
  link.clear[to] = std::max(arrival(), link.clear[to]);
  schedule(link.clear[to], index, to, kind, std::move(content), Code::kUnavailable);
}

void MemoryNetwork::schedule(Time at, Index session, int side, Kind kind, Content content, Code code) {
  ++sessions_[session].events;
  Index index = static_cast<Index>(events_.size());
  if (free_events_.empty()) {
    events_.emplace_back();
  } else {
    index = free_events_.back();
    free_events_.pop_back();
  }
  events_[index] = {std::move(content), session, kind, static_cast<std::uint8_t>(side), code};
  due_.push_back({at, caused_++, index});
  std::push_heap(due_.begin(), due_.end(), std::greater<>());
}

// splitmix64 (Steele, Lea, Flood 2014).
std::uint64_t MemoryNetwork::random() {
  std::uint64_t z = random_state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

bool MemoryNetwork::chance(double probability) {
  return probability > 0 && static_cast<double>(random() >> 11) * 0x1p-53 < probability;
}

Time MemoryNetwork::arrival() {
  const auto span = static_cast<std::uint64_t>((faults_.max_latency - faults_.min_latency).count()) + 1;
  return now_ + faults_.min_latency + Duration(static_cast<Duration::rep>(random() % span));
}

// What happens.

void MemoryNetwork::happen(Event& event) {
  Session& session = sessions_[event.session];
  Link& link = *session.link;
  const int side = event.side;
  if (event.kind == Kind::kTimeout) {
    if (!session.ready[0] || !session.ready[1]) {
      const ProcessId peer = processes_[link.process[1 - side]].id;
      session.alive = session.alive && link.session[side] != event.session;
      lose(event.session, side, Status(Code::kTimedOut, "process " + to_string(peer) + " did not finish the hello"));
    }
    return;
  }
  // A loss that this side found out by itself, or was told by what broke.
  if (event.kind == Kind::kLost && !session.alive)
    return lose(event.session, side, Status(event.code, std::move(event.content.message)));
  if (!session.alive || processes_[link.process[side]].transport == nullptr) return;
  if (const std::optional<Notice> notice = obstacle(link)) {
    session.missed = true;
    if (*notice == Notice::kLoud) break_session(event.session, unavailable("the network is cut"));
    return;
  }
  switch (event.kind) {
    case Kind::kOffer: return on_offer(event.session, side, event.content.message);
    case Kind::kAnswer: return on_answer(event.session, side, event.content.message);
    case Kind::kProof: return on_proof(event.session, side, event.content.message);
    case Kind::kMessage: return deliver(event.session, side, event.content);
    case Kind::kLost: return lose(event.session, side, Status(event.code, std::move(event.content.message)));
    case Kind::kTimeout: return;
  }
}

void MemoryNetwork::deliver(Index index, int side, const Content& content) {
  const Link& link = *sessions_[index].link;
  if (link.session[side] != index) return;
  TransportHandler& handler = *processes_[link.process[side]].handler;
  const ProcessId from = processes_[link.process[1 - side]].id;
  Place place;
  if (!content.bulk.empty()) {
    place = handler.place_for(from, content.message, content.bulk.size());
    if (place.at == nullptr || link.session[side] != index) return;
    content.bulk.copy(place.at, content.bulk.size());
  }
  handler.on_message(from, content.message);
}

void MemoryNetwork::on_offer(Index index, int side, const std::string& bytes) {
  Session& session = sessions_[index];
  std::string answer;
  if (hello_mode_ == HelloMode::kFull) {
    const Process& self = processes_[session.link->process[side]];
    session.hello[side] = std::make_unique<Hello>(Hello::accepting(self.secret, self.id));
    Result<std::string> received = session.hello[side]->receive(bytes);
    if (!received.ok()) return refuse(index, received.status());
    answer = std::move(*received);
  }
  transmit(index, 1 - side, Kind::kAnswer, {std::move(answer), {}});
}

void MemoryNetwork::on_answer(Index index, int side, const std::string& bytes) {
  Session& session = sessions_[index];
  std::string proof;
  if (hello_mode_ == HelloMode::kFull) {
    Result<std::string> received = session.hello[side]->receive(bytes);
    if (!received.ok()) return refuse(index, received.status());
    proof = std::move(*received);
  } else if (const Status same = compare_secrets(*session.link); !same.ok()) {
    return refuse(index, same);
  }
  transmit(index, 1 - side, Kind::kProof, {std::move(proof), {}});
  become_ready(index, side);
}

void MemoryNetwork::on_proof(Index index, int side, const std::string& bytes) {
  Session& session = sessions_[index];
  Link& link = *session.link;
  if (hello_mode_ == HelloMode::kFull) {
    const Result<std::string> received = session.hello[side]->receive(bytes);
    if (!received.ok()) return refuse(index, received.status());
  }
  const Process& peer = processes_[link.process[1 - side]];
  // Who makes a new connection has lost the one before it.
  if (link.session[side] != kNone && link.session[side] != index) {
    sessions_[link.session[side]].alive = false;
    lose(link.session[side], side, unavailable("process " + to_string(peer.id) + " lost the connection"));
  }
  if (link.session[side] == kNone && !session.left[side]) link.session[side] = index;
  if (MemoryTransport* transport = processes_[link.process[side]].transport) transport->peer_at(peer.id);
  become_ready(index, side);
}

// This side may send: its hello is done.
void MemoryNetwork::become_ready(Index index, int side) {
  Session& session = sessions_[index];
  session.ready[side] = true;
  session.hello[side].reset();
  for (Content& content : std::exchange(session.queue[side], {}))
    transmit(index, 1 - side, Kind::kMessage, std::move(content));
  if (session.left[side]) say_goodbye(index, side);
}

Status MemoryNetwork::compare_secrets(const Link& link) const {
  const Process& a = processes_[link.process[0]];
  const Process& b = processes_[link.process[1]];
  if (a.secret == b.secret) return Status();
  return Status(Code::kUnauthenticated,
                "processes " + to_string(a.id) + " and " + to_string(b.id) + " do not share the cluster secret");
}

void MemoryNetwork::refuse(Index index, const Status& why) {
  log::warn("refused a connection: {}", why.message());
  break_session(index, why);
}

}  // namespace Atoll
