#include "runtime/node/state_gatherer.h"

#include <algorithm>
#include <utility>

namespace Atoll {
namespace {

// Of what this one may wait those may whom it asks: the rest is for their answers to come back.
constexpr double kShare = 0.75;

// Whatever they say, also if it is no number.
double patience_of(const GetState& question) {
  return question.patience > kLeastPatience ? std::min(question.patience, kMostPatience) : kLeastPatience;
}

Duration to_duration(double value) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
}

}  // namespace

void StateGatherer::begin(Time now, ProcessId asker, const GetState& question, Sources sources, Outbox& out) {
  const std::uint64_t request = ++request_;
  const auto entry = under_way_.try_emplace(request, asker, question, now + to_duration(patience_of(question))).first;
  Gathering& gathering = entry->second.gathering;
  std::size_t place = 0;
  for (const Asked& other : sources.before) gathering.expect(request, other.contact.process, other.words, place++);
  gathering.add(place++, std::move(sources.own));
  for (const Asked& other : sources.behind) gathering.expect(request, other.contact.process, other.words, place++);
  if (gathering.complete() || under_way_.size() > kMostGatherings) return void(finish(entry, out));
  GetState passed_on = gathering.question();
  passed_on.request = request;
  passed_on.patience = patience_of(question) * kShare;
  for (const std::vector<Asked>* others : {&sources.before, &sources.behind})
    for (const Asked& other : *others) {
      out.learn(other.contact);
      out.send(other.contact.process, passed_on);
    }
}

StateGatherer::Entry StateGatherer::finish(Entry entry, Outbox& out) {
  out.send(entry->second.asker, entry->second.gathering.finish());
  return under_way_.erase(entry);
}

void StateGatherer::take(ProcessId from, const StateReport& report, Outbox& out) {
  const auto entry = under_way_.find(report.request);
  if (entry == under_way_.end()) return;
  if (entry->second.gathering.take(from, report) && entry->second.gathering.complete()) finish(entry, out);
}

void StateGatherer::on_lost(ProcessId peer, Outbox& out) {
  std::erase_if(under_way_, [peer](const auto& each) { return each.second.asker == peer; });
  for (auto entry = under_way_.begin(); entry != under_way_.end();) {
    entry->second.gathering.lose(peer);
    entry = entry->second.gathering.complete() ? finish(entry, out) : std::next(entry);
  }
}

void StateGatherer::on_tick(Time now, Outbox& out) {
  for (auto entry = under_way_.begin(); entry != under_way_.end();)
    entry = now >= entry->second.deadline ? finish(entry, out) : std::next(entry);
}

std::optional<Time> StateGatherer::next_deadline() const {
  std::optional<Time> next;
  for (const auto& [request, each] : under_way_)
    if (!next || each.deadline < *next) next = each.deadline;
  return next;
}

}  // namespace Atoll
