#include "tests/support/node_fixture.h"

// A node whose workers' tasks wait for other tasks: NODE-8 and LEDGER-7.
namespace Atoll {
namespace {

using namespace testing;

struct Lender : JoinedNode {
  explicit Lender(std::int32_t cpus = 2) : JoinedNode(node_info(0, cpus, 2)) {}
  void block(const LeaseGrant& grant) { say(grant.worker.process, WorkerBlocked{true}); }
  void unblock(const LeaseGrant& grant) { say(grant.worker.process, WorkerBlocked{false}); }
  void give_back(const LeaseGrant& grant) { say(kDriver, LeaseReturn{grant.lease}); }
};

}  // namespace

TEST_CASE("NODE-8: a worker whose task waits lends its CPUs and nothing else, and takes them back at once") {
  Lender node;
  Resources shape = cpus(2);
  shape.gpu = Fixed::whole(1);
  const LeaseGrant parent = node.lease(1, shape);
  CHECK(node.free_cpu() == Fixed());
  node.block(parent);
  CHECK(node.free_cpu() == Fixed::whole(2));
  CHECK(node.node.ledger().free().amounts.gpu == Fixed::whole(1));
  const LeaseGrant child = node.lease(2, cpus(2));
  node.unblock(parent);
  CHECK(node.free_cpu() == Fixed::whole(-2));
  node.say(kDriver, lease_request(3, cpus(1)));
  CHECK(node.mail.expect<LeaseRefused>(kDriver).count == 1);
  node.give_back(child);
  CHECK(node.free_cpu() == Fixed());
  node.give_back(parent);
  CHECK(node.free_cpu() == Fixed::whole(2));
}

TEST_CASE("NODE-8: what wants no CPU still finds room while fewer than none are free, and the head hears of none") {
  Lender node;
  const LeaseGrant parent = node.lease(1, cpus(2));
  node.block(parent);
  node.lease(2, cpus(2));
  node.unblock(parent);
  node.lease(3, Resources());
  node.pass(kHeartbeatInterval);
  CHECK(node.reports.back().free.cpu == Fixed());
}

TEST_CASE("NODE-2: a lender that dies, is returned or whose owner is gone gives back what it had, once") {
  for (const std::string way : {"dies", "is returned", "loses its owner", "loses its job"}) {
    CAPTURE(way);
    Lender node;
    const LeaseGrant parent = node.lease(1, cpus(2));
    node.block(parent);
    if (way == "dies") node.exit(parent.worker.process, "killed by signal 9");
    if (way == "is returned") node.give_back(parent);
    if (way == "loses its owner") node.lose(kDriver);
    if (way == "loses its job") node.say(kHead, EndJob{kDriver, "over"});
    CHECK(node.free_cpu() == Fixed::whole(2));
    node.exit(parent.worker.process, "killed by signal 9");
    CHECK(node.free_cpu() == Fixed::whole(2));
    CHECK(node.node.ledger().outstanding() == 0);
  }
}

TEST_CASE("a worker says twice that it waits, or says it after its lease: nothing comes of it") {
  Lender node;
  const LeaseGrant parent = node.lease(1, cpus(1));
  node.block(parent);
  node.block(parent);
  CHECK(node.free_cpu() == Fixed::whole(2));
  node.give_back(parent);
  node.block(parent);
  node.unblock(parent);
  node.say(ProcessId(0xbad), WorkerBlocked{true});
  CHECK(node.free_cpu() == Fixed::whole(2));
  const LeaseGrant again = [&] {
    node.say(kDriver, lease_request(2, cpus(1)));
    return node.mail.expect<LeaseGrant>(kDriver);
  }();
  CHECK(again.worker.process == parent.worker.process);
  node.block(again);
  CHECK(node.free_cpu() == Fixed::whole(2));
}

TEST_CASE("NODE-8: in a bundle the bundle's CPUs are lent, to those who wait for room in it") {
  Lender node(4);
  const GroupId group{kDriver, 77};
  ReserveBundles reserve;
  reserve.group = group;
  reserve.version = 1;
  reserve.size = 1;
  reserve.bundles = {BundleAsk{0, cpus(1), {}, {}}};
  node.say(kHead, reserve);
  node.mail.expect<BundlesReserved>(kHead);
  LeaseRequest request = lease_request(1, cpus(1));
  request.group = group;
  node.say(kDriver, request);
  node.settle();
  node.ready(node.expect_start().worker);
  const LeaseGrant parent = node.mail.expect<LeaseGrant>(kDriver);
  request.request = 2;
  node.say(kDriver, request);
  node.expect_nothing_else();
  node.block(parent);
  node.ready(node.expect_start().worker);
  CHECK(node.mail.expect<LeaseGrant>(kDriver).request == 2);
  CHECK(node.free_cpu() == Fixed::whole(3));
  node.unblock(parent);
  node.give_back(parent);
  CHECK(node.free_cpu() == Fixed::whole(3));
}

TEST_CASE("NODE-8: beyond so many that wait the CPUs are kept, but for one more a second") {
  const auto many = static_cast<std::int32_t>(kMaxLending);
  Lender node(1);
  std::vector<LeaseGrant> grants;
  for (std::int32_t i = 0; i < many; ++i) {
    grants.push_back(node.lease(static_cast<std::uint64_t>(i) + 1, cpus(1)));
    node.block(grants.back());
  }
  grants.push_back(node.lease(9'000, cpus(1)));
  node.block(grants.back());
  CHECK(node.free_cpu() == Fixed());
  node.pass(kLendInterval / 2);
  CHECK(node.free_cpu() == Fixed());
  node.pass(kLendInterval);
  CHECK(node.free_cpu() == Fixed::whole(1));
  // The one that waits the longest now is served as soon as there is room.
  grants.push_back(node.lease(9'001, cpus(1)));
  node.block(grants.back());
  CHECK(node.free_cpu() == Fixed());
  node.give_back(grants[0]);
  node.give_back(grants[1]);
  node.pass(kHeartbeatInterval);
  CHECK(node.free_cpu() == Fixed::whole(1));
}

}  // namespace Atoll
