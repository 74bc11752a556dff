#include "runtime/client/state_client.h"

#include <utility>

namespace Atoll {

Result<std::unique_ptr<StateClient>> StateClient::open(const Session& session, Duration timeout) {
  std::unique_ptr<StateClient> client(new StateClient(session.head));
  ClientRuntime::Options options;
  options.self = random_process_id();
  options.secret = session.secret;
  options.head = session.head;
  options.job = options.self;
  Result<std::unique_ptr<ClientRuntime>> runtime = ClientRuntime::start(options, *client);
  if (!runtime.ok()) return runtime.status();
  client->runtime_ = std::move(*runtime);
  ATOLL_RETURN_IF_ERROR(client->find_peers(timeout));
  return client;
}

StateClient::~StateClient() { runtime_.reset(); }

Status StateClient::find_peers(Duration timeout) {
  std::unique_lock lock(mutex_);
  peers_.reset();
  lock.unlock();
  runtime_->post([head = head_.process](Time, ClientCore&, ClientOutbox& out) { out.send(head, GetPeers{}); });
  lock.lock();
  if (!arrived_.wait_for(lock, timeout, [this] { return peers_ || lost_; }))
    return Status(Code::kTimedOut, "the cluster's head does not answer");
  return peers_ ? Status() : lost_->prefixed("the cluster's head cannot be reached");
}

namespace {

// Whether a filter leaves the things of no other node.
bool may_be_on(const GetState& question, std::size_t rank) {
  for (const StateFilter& filter : question.filters)
    if (filter.key == "node" && filter.op == FilterOp::kEqual && filter.number != static_cast<double>(rank))
      return false;
  return true;
}

}  // namespace

// Who knows of such things.
std::vector<StateClient::Target> StateClient::targets_of(const GetState& question) const {
  const StateKind kind = question.kind;
  const bool daemons_know = kind == StateKind::kWorkers || kind == StateKind::kObjects;
  const bool owners_know = kind == StateKind::kTasks || kind == StateKind::kRefs;
  std::vector<Target> targets;
  if (!daemons_know && !owners_know) return {{head_, "the head"}};
  if (owners_know)
    for (const PeerDriver& driver : peers_->drivers) targets.push_back({driver.driver, driver.words});
  for (std::size_t rank = 0; rank < peers_->nodes.size(); ++rank) {
    const PeerNode& node = peers_->nodes[rank];
    if (node.alive && (owners_know || may_be_on(question, rank)))
      targets.push_back({node.daemon, "the daemon of node " + node.name});
  }
  return targets;
}

StateClient::Answer StateClient::ask(GetState question, Duration patience) {
  question.request = ++request_;
  std::unique_lock lock(mutex_);
  const std::vector<Target> targets = targets_of(question);
  expected_.clear();
  reports_.clear();
  gone_.clear();
  for (const Target& target : targets) expected_[target.contact.process] = {target.words, expected_.size()};
  lock.unlock();
  runtime_->post([targets, question](Time, ClientCore&, ClientOutbox& out) {
    for (const Target& target : targets) {
      out.learn(target.contact);
      out.send(target.contact.process, question);
    }
  });
  lock.lock();
  arrived_.wait_for(lock, patience, [this] { return expected_.empty(); });
  Answer answer;
  for (auto& [place, report] : std::exchange(reports_, {})) {
    answer.total += report.total;
    answer.finished += report.finished;
    answer.failed += report.failed;
    std::move(report.rows.begin(), report.rows.end(), std::back_inserter(answer.rows));
  }
  answer.silent = std::exchange(gone_, {});
  for (const auto& [process, expected] : std::exchange(expected_, {})) answer.silent.push_back(expected.words);
  return answer;
}

void StateClient::on_other_message(ProcessId from, Message message) {
  const std::lock_guard lock(mutex_);
  if (auto* peers = std::get_if<Peers>(&message); peers != nullptr && from == head_.process) peers_ = std::move(*peers);
  if (const auto* report = std::get_if<StateReport>(&message)) take(from, *report);
  take_log(from, std::move(message));
  arrived_.notify_all();
}

void StateClient::take(ProcessId from, const StateReport& report) {
  if (report.request != request_) return;  // it comes late
  const ProcessId who = report.from == ProcessId::kNone ? from : report.from;
  const auto expected = expected_.extract(who);
  if (expected.empty()) return;
  const std::size_t place = expected.mapped().place;
  for (const StatePeer& peer : report.asked) expected_[peer.process] = {peer.words, place};
  reports_[{place, who}] = report;
}

void StateClient::on_peer_lost(ProcessId peer, const Status& why) {
  const std::lock_guard lock(mutex_);
  if (peer == head_.process) lost_ = why;
  if (const auto expected = expected_.extract(peer); !expected.empty()) gone_.push_back(expected.mapped().words);
  arrived_.notify_all();
}

}  // namespace Atoll
