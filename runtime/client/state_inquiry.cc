#include "runtime/client/state_inquiry.h"

#include <algorithm>
#include <utility>

#include "runtime/state/narrow.h"

namespace Atoll {
namespace {

// Of the tool's patience: how long others may wait for those whom they ask, and when who gathers is late.
constexpr double kDirectShare = 0.75;
constexpr double kMembersShare = 0.5;
constexpr double kGatherShare = 0.75;

// So large that there are as many blocks as each has members.
std::size_t block_size(std::size_t nodes) {
  std::size_t size = 1;
  while (size * size < nodes) ++size;
  return size;
}

}  // namespace

StateInquiry::StateInquiry(Asking asking, const Peers& peers, Time now, Outbox& out)
    : request_(asking.request),
      head_(std::move(asking.head)),
      patience_(asking.patience),
      peers_(peers),
      began_(now),
      deadline_(now + asking.patience),
      poor_(std::move(asking.poor)),
      gathering_(asking.question) {
  const StateKind kind = gathering_.question().kind;
  if (!daemons_know(kind) && !owners_know(kind))
    ask(now, request_, head_, "the head", 0, out);
  else if (!owners_know(kind) || !ask_drivers(now, out))
    ask_nodes(now, out);
}

void StateInquiry::ask(Time now, std::uint64_t request, const Contact& who, std::string words, std::size_t place,
                       Outbox& out) {
  GetState question = gathering_.question();
  question.request = request;
  question.patience = seconds(deadline_ - now) * kDirectShare;
  gathering_.expect(request, who.process, std::move(words), place);
  out.learn(who);
  out.send(who.process, std::move(question));
}

// Whether nobody else can know.
bool StateInquiry::ask_drivers(Time now, Outbox& out) {
  for (std::size_t i = 0; i < peers_.drivers.size(); ++i) {
    const PeerDriver& driver = peers_.drivers[i];
    if (may_know(gathering_.question(), driver.driver.process)) ask(now, request_, driver.driver, driver.words, i, out);
    if (is_named(gathering_.question(), driver.driver.process)) return true;
  }
  return false;
}

void StateInquiry::ask_nodes(Time now, Outbox& out) {
  const std::size_t size = block_size(peers_.nodes.size());
  std::map<std::size_t, Ranks> blocks;
  std::size_t nodes = 0;
  for (std::uint32_t rank = 0; rank < peers_.nodes.size(); ++rank) {
    if (!peers_.nodes[rank].alive || !may_be_on(gathering_.question(), rank)) continue;
    blocks[rank / size].push_back(rank);
    ++nodes;
  }
  for (const auto& [number, block] : blocks) {
    const auto gatherer =
        std::ranges::find_if(block, [this](auto rank) { return !poor_.contains(peers_.nodes[rank].daemon.process); });
    if (nodes > kDirect && block.size() > 1 && gatherer != block.end())
      have_gathered(*gatherer, block, out);
    else
      for (const std::uint32_t rank : block) ask_node(now, request_, rank, out);
  }
}

void StateInquiry::ask_node(Time now, std::uint64_t request, std::uint32_t rank, Outbox& out) {
  const PeerNode& node = peers_.nodes[rank];
  ask(now, request, node.daemon, daemon_words(node.name), place_of(rank), out);
}

void StateInquiry::have_gathered(std::uint32_t by, const Ranks& block, Outbox& out) {
  const PeerNode& gatherer = peers_.nodes[by];
  GatherState gather{gathering_.question(), {}};
  gather.question.request = request_;
  gather.question.patience = seconds(patience_) * kMembersShare;
  for (const std::uint32_t rank : block)
    if (rank != by) gather.members.push_back(peers_.nodes[rank]);
  gathering_.expect(request_, gatherer.daemon.process, daemon_words(gatherer.name), place_of(block.front()));
  blocks_[gatherer.daemon.process] = block;
  out.learn(gatherer.daemon);
  out.send(gatherer.daemon.process, std::move(gather));
}

// Each of a block itself. What its gatherer says under its first number does not count any more.
void StateInquiry::ask_block(Time now, ProcessId gatherer, bool is_lost, Outbox& out) {
  const auto block = blocks_.extract(gatherer);
  if (block.empty()) return;
  poor_.insert(gatherer);
  for (const std::uint32_t rank : block.mapped())
    if (!is_lost || peers_.nodes[rank].daemon.process != gatherer) ask_node(now, request_ + 1, rank, out);
}

void StateInquiry::on_report(Time now, ProcessId from, StateReport report, Outbox& out) {
  if (report.refused) {
    if (report.request == request_) ask_block(now, from, /*is_lost=*/false, out);
    return;
  }
  if (gathering_.take(from, std::move(report))) blocks_.erase(from);
}

void StateInquiry::on_lost(Time now, ProcessId peer, Outbox& out) {
  gathering_.lose(peer);
  ask_block(now, peer, /*is_lost=*/true, out);
}

void StateInquiry::on_tick(Time now, Outbox& out) {
  if (now < began_ + std::chrono::duration_cast<Duration>(patience_ * kGatherShare)) return;
  while (!blocks_.empty()) ask_block(now, blocks_.begin()->first, /*is_lost=*/false, out);
}

Time StateInquiry::next_deadline() const {
  return blocks_.empty() ? deadline_ : began_ + std::chrono::duration_cast<Duration>(patience_ * kGatherShare);
}

}  // namespace Atoll
