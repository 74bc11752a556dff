#include "launcher/startup.h"

#include "runtime/base/nodelist.h"
#include "runtime/base/words.h"
#include "runtime/wire/card.h"

namespace Atoll {
Startup::Startup(Options options, Time started) : options_(std::move(options)), started_(started) {
  for (const std::string& node : options_.nodes) ranks_.push_back({.node = node, .stage = ""});
}

Startup::Rank* Startup::find(int rank, const std::string& node, std::vector<Action>& out) {
  if (rank < 0 || static_cast<std::size_t>(rank) >= ranks_.size()) {
    out.push_back(Warn{"a daemon on " + node + " calls itself rank " + std::to_string(rank) + " of " +
                       std::to_string(ranks_.size()) + "; ignored"});
    return nullptr;
  }
  Rank& found = ranks_[static_cast<std::size_t>(rank)];
  found.node = node;
  return &found;
}

void Startup::on_event(const ControlEvent& event, std::vector<Action>& out) {
  if (const auto* card = std::get_if<CardEvent>(&event)) return on_card(*card, out);
  if (const auto* failed = std::get_if<FailedEvent>(&event)) return on_failed(*failed, out);
  if (settled_) return;
  if (const auto* present = std::get_if<PresentEvent>(&event)) {
    advance(find(present->rank, present->node, out), Progress::kPresent);
  } else if (const auto* stage = std::get_if<StageEvent>(&event)) {
    advance(find(stage->rank, stage->node, out), Progress::kWiringUp, stage->stage);
  } else if (const auto* ready = std::get_if<ReadyEvent>(&event)) {
    advance(find(ready->rank, ready->node, out), Progress::kReady);
    settle_if_ready(out);
  }
}

void Startup::advance(Rank* rank, Progress progress, const std::string& stage) {
  if (rank == nullptr || rank->progress == Progress::kReady) return;
  rank->progress = progress;
  rank->stage = stage;
  if (progress == Progress::kReady) ++ready_;
}

void Startup::on_card(const CardEvent& event, std::vector<Action>& out) {
  if (event.rank != 0) return;
  const Result<Card> card = decode_card(event.card);
  if (!card.ok()) return give_up(event.node + ": the card of its daemon is malformed: " + card.status().message(), out);
  if (card->head.is_none() || card->head == head_) return;
  head_ = card->head;
  if (settled_) {
    if (ready_ == ranks_.size()) out.push_back(HeadMoved{head_});
    return;
  }
  if (options_.share_card) out.push_back(Command{CardCommand{event.card}});
  settle_if_ready(out);
}

void Startup::on_failed(const FailedEvent& event, std::vector<Action>& out) {
  if (settled_)
    out.push_back(Warn{"the daemon on " + event.node + " gave up: " + event.why});
  else
    give_up("the daemon on " + event.node + " gave up: " + event.why, out);
}

void Startup::settle_if_ready(std::vector<Action>& out) {
  if (settled_ || ready_ < ranks_.size() || head_.is_none()) return;
  settled_ = true;
  out.push_back(ClusterReady{head_});
}

void Startup::give_up(const std::string& why, std::vector<Action>& out) {
  if (settled_) return;
  settled_ = true;
  out.push_back(GiveUp{why});
}

void Startup::on_tick(Time now, std::vector<Action>& out) {
  if (settled_) return;
  const Duration waited = now - started_;
  const std::string missing = waiting_for();
  const std::string what = missing.empty() ? "the head, which has not said its address" : missing;
  if (waited >= options_.give_up_after)
    return give_up("waited " + format_duration(options_.give_up_after) + " in vain for " + what, out);
  if (waited < options_.warn_after || warned_) return;
  warned_ = true;
  out.push_back(Warn{"after " + format_duration(options_.warn_after) + " still waiting for " + what});
}

void Startup::on_step_end(const std::string& how, std::vector<Action>& out) {
  const std::string missing = waiting_for();
  give_up(how + (missing.empty() ? "" : " while the cluster waited for " + missing), out);
}

std::optional<Time> Startup::next_tick() const {
  if (settled_) return std::nullopt;
  return started_ + (warned_ ? options_.give_up_after : std::min(options_.warn_after, options_.give_up_after));
}

std::string Startup::words_for(const Rank& rank) {
  switch (rank.progress) {
    case Progress::kSilent:
      return "not heard from";
    case Progress::kPresent:
      return "started, but not wired up";
    default:
      return "in wire-up stage " + rank.stage;
  }
}

std::string Startup::waiting_for() const {
  Progress least = Progress::kReady;
  for (const Rank& rank : ranks_) least = std::min(least, rank.progress);
  if (least == Progress::kReady) return "";
  std::map<std::string, std::vector<std::string>> by_stage;
  for (const Rank& rank : ranks_)
    if (rank.progress == least) by_stage[words_for(rank)].push_back(rank.node);
  std::string text;
  for (const auto& [stage, nodes] : by_stage)
    text += (text.empty() ? "" : "; ") + join_names(nodes) + " (" + stage + ")";
  return text;
}

}  // namespace Atoll
