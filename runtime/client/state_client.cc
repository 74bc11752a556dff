#include "runtime/client/state_client.h"

#include <utility>

#include "runtime/client/connect.h"

namespace Atoll {

Result<std::unique_ptr<StateClient>> StateClient::open(const Session& session, Duration timeout) {
  std::unique_ptr<StateClient> client(new StateClient(session.head));
  Result<std::unique_ptr<ClientRuntime>> runtime = join(session, *client);
  if (!runtime.ok()) return runtime.status();
  client->runtime_ = std::move(*runtime);
  ATOLL_RETURN_IF_ERROR(client->find_peers(timeout));
  return client;
}

StateClient::~StateClient() { runtime_.reset(); }

Status StateClient::find_peers(Duration timeout) {
  std::unique_lock lock(mutex_);
  peers_.reset();
  poor_gatherers_.clear();  // they have another try
  lock.unlock();
  runtime_->post([head = head_.process](Time, ClientCore&, ClientOutbox& out) { out.send(head, GetPeers{}); });
  lock.lock();
  if (!arrived_.wait_for(lock, timeout, [this] { return peers_ || lost_; }))
    return Status(Code::kTimedOut, "the cluster's head does not answer");
  return peers_ ? Status() : lost_->prefixed("the cluster's head cannot be reached");
}

// To be called with the lock, which is let go of meanwhile: what arrives is taken by whichever thread does the I/O.
void StateClient::send_what_is_wanted(std::unique_lock<std::mutex>& lock) {
  if (wanted_.empty()) return;
  Outbox wanted = std::exchange(wanted_, {});
  lock.unlock();
  runtime_->post([wanted = std::move(wanted)](Time, ClientCore&, ClientOutbox& out) mutable {
    for (const Contact& contact : wanted.contacts) out.learn(contact);
    for (Outbox::Letter& letter : wanted.letters) out.send(letter.to, std::move(letter.message));
  });
  lock.lock();
}

StateClient::Answer StateClient::ask(const GetState& question, Duration patience) {
  std::unique_lock lock(mutex_);
  request_ += 2;
  inquiry_.emplace(StateInquiry::Asking{question, request_, head_, patience, poor_gatherers_}, *peers_, now(), wanted_);
  while (!inquiry_->is_over(now())) {
    send_what_is_wanted(lock);
    const bool any = arrived_.wait_until(lock, inquiry_->next_deadline(),
                                         [this] { return inquiry_->is_over(now()) || !wanted_.empty(); });
    if (!any) inquiry_->on_tick(now(), wanted_);
  }
  poor_gatherers_ = inquiry_->poor();
  StateReport report = inquiry_->finish();
  inquiry_.reset();
  wanted_.clear();
  return {report.total, std::move(report.rows), report.finished, report.failed, std::move(report.silent)};
}

void StateClient::on_other_message(ProcessId from, Message message) {
  const std::lock_guard lock(mutex_);
  // What comes late of find_peers() is not wanted while a question refers to who was there.
  if (auto* peers = std::get_if<Peers>(&message); peers != nullptr && from == head_.process && !inquiry_)
    peers_ = std::move(*peers);
  if (auto* report = std::get_if<StateReport>(&message); report != nullptr && inquiry_)
    inquiry_->on_report(now(), from, std::move(*report), wanted_);
  take_log(from, std::move(message));
  arrived_.notify_all();
}

void StateClient::on_peer_lost(ProcessId peer, const Status& why) {
  const std::lock_guard lock(mutex_);
  if (peer == head_.process) lost_ = why;
  if (inquiry_) inquiry_->on_lost(now(), peer, wanted_);
  if (const auto expected = expected_.extract(peer); !expected.empty()) gone_.push_back(expected.mapped());
  arrived_.notify_all();
}

}  // namespace Atoll
