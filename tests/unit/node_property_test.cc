#include <map>
#include <random>
#include <set>

#include "tests/support/node_fixture.h"

// NODE-1, NODE-2 and NODE-3 under random events, by a model of what the node has
// promised: what was granted and not ended never exceeds the node, and when all
// has ended everything is free.
namespace Atoll {
namespace {

using namespace testing;

constexpr std::uint32_t kSteps = 400;

class RandomNode : public JoinedNode {
 public:
  explicit RandomNode(std::uint64_t seed) : JoinedNode(node_info(0, 6, 3)), random_(seed) {}

  void step() {
    now += std::chrono::milliseconds(roll(300));
    switch (roll(12)) {
      case 0: case 1: case 2: request(); break;
      case 3: if (!granted_.empty()) give_back(pick(granted_)); break;
      case 4: if (!living_.empty()) end(pick(living_)); break;
      case 5: case 6: if (!starting_.empty()) become_ready(pick(starting_)); break;
      case 7: say(kHead, actor()); break;
      case 8: if (roll(4) == 0) lose(owner()); break;
      case 9: if (roll(8) == 0) say(kHead, EndJob{kDriver, "over"}); break;
      case 10: say(kHead, StopActor{{kDriver, roll(20)}, 1, "stop"}); break;
      default: tick(); say(kHead, HeartbeatAck{});
    }
    follow();
  }

  // Everybody leaves and every process ends.
  void finish() {
    for (std::uint64_t i = 0; i < 3; ++i) lose(ProcessId(0x300 + i));
    say(kHead, EndJob{kDriver, "over"});
    follow();
    while (!living_.empty()) {
      end(*living_.begin());
      follow();
    }
    CHECK(node.ledger().outstanding() == 0);
    CHECK(node.ledger().free() == node.ledger().total());
    CHECK(node.worker_count() == 0);
  }

 private:
  std::uint64_t roll(std::uint64_t sides) { return random_() % sides; }
  ProcessId owner() { return ProcessId(0x300 + roll(3)); }
  template <typename Set>
  typename Set::value_type pick(const Set& set) { return *std::next(set.begin(), static_cast<std::ptrdiff_t>(roll(set.size()))); }

  Resources shape() {
    const Resources shapes[] = {cpus(1), cpus(2), gpus(1), gpus(0.25), {.cpu = Fixed::whole(1), .gpu = Fixed::whole(2)}, {}};
    return shapes[roll(6)];
  }
  void request() {
    const ProcessId from = owner();
    const auto count = static_cast<std::uint32_t>(roll(4));
    asked_[{from, ++requests_}] = count;
    say(from, lease_request(requests_, shape(), count, roll(2) * requests_));
  }
  StartActor actor() { return {actor_spec(roll(20), shape()), static_cast<std::uint32_t>(1 + roll(2)), 0}; }
  void give_back(LeaseId lease) {
    granted_.erase(lease);
    say(owner(), LeaseReturn{lease, roll(3) == 0});
  }
  void end(ProcessId worker) {
    living_.erase(worker);
    starting_.erase(worker);
    exit(worker, "exited with status 1");
  }
  void become_ready(ProcessId worker) {
    starting_.erase(worker);
    ready(worker);
    if (roll(2) == 0) say(worker, InitActorDone{{kDriver, roll(20)}, {}});
  }

  // Does what the daemon asked for, and keeps the books of what it said.
  void follow() {
    while (!finds.empty() || mail.words().find("GetJob") != std::string::npos) {
      if (!finds.empty()) {
        finds.clear();
        program(roll(10) == 0 ? "" : "/home/me/simulate", "no such file");
      } else {
        mail.expect<GetJob>(kHead);
        say(kHead, JobReply{true, job_info()});
      }
      if (mail.words().find("GetProgram") != std::string::npos) {
        mail.expect<GetProgram>(kDriver);
        say(kDriver, ProgramChunk{kDriver, 0, 0, "", "unreadable"});
      }
    }
    for (const StartWorker& start : starts) {
      CHECK(living_.insert(start.worker).second);
      starting_.insert(start.worker);
    }
    starts.clear();
    for (const KillWorker& kill : kills) CHECK_MESSAGE(killed_.insert(kill.worker).second, "killed twice");
    kills.clear();
    for (std::uint64_t i = 0; i < 3; ++i) read_mail_of(ProcessId(0x300 + i));
    mail.drop_all();
    check_books();
  }
  void read_mail_of(ProcessId client) {
    const std::string to = " to " + to_string(client);
    while (mail.words().find("LeaseGrant" + to) != std::string::npos) {
      const LeaseGrant grant = mail.expect<LeaseGrant>(client);
      granted_.insert(grant.lease);
      CHECK(living_.contains(grant.worker.process));
      count_answer(client, grant.request, 1);
    }
    while (mail.words().find("LeaseRefused" + to) != std::string::npos) {
      const LeaseRefused refused = mail.expect<LeaseRefused>(client);
      count_answer(client, refused.request, refused.count);
    }
  }
  // NODE-3: never more answers than were asked for.
  void count_answer(ProcessId client, std::uint64_t number, std::uint32_t count) {
    CHECK(asked_[{client, number}] >= count);
    asked_[{client, number}] -= count;
  }
  // NODE-1, and that what is said to be free is.
  void check_books() {
    const NodeResources& total = node.ledger().total();
    const NodeResources& free = node.ledger().free();
    CHECK(covers(total.amounts, free.amounts));
    CHECK(check_node(free).ok());
    for (const Fixed part : free.gpus) CHECK(part >= Fixed());
    if (!reports.empty()) CHECK(covers(total.amounts, reports.back().free));
    reports.clear();
  }

  std::mt19937_64 random_;
  std::uint64_t requests_ = 0;
  std::map<std::pair<ProcessId, std::uint64_t>, std::uint32_t> asked_;
  std::set<LeaseId> granted_;
  std::set<ProcessId> living_, starting_, killed_;
};

}  // namespace

TEST_CASE("NODE-1, NODE-2, NODE-3: the books balance whatever happens in whatever order") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    RandomNode node(seed);
    for (std::uint32_t i = 0; i < kSteps; ++i) node.step();
    node.finish();
  }
}

}  // namespace Atoll
