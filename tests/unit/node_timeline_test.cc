// A node daemon's part of the timeline.

#include <doctest/doctest.h>

#include "runtime/node/node_timeline.h"
#include "tests/support/mail.h"
#include "tests/support/node_fixture.h"

namespace {

using namespace Atoll;
using namespace Atoll::testing;

constexpr ProcessId kWorker{0x90}, kOther{0x91}, kTool{0x70};

TimelineChunk chunk_of(std::uint64_t flush, std::size_t records = 1) {
  TimelineRing ring(100);
  for (std::size_t i = 0; i < records; ++i) ring.add({}, "f");
  TimelineChunk chunk;
  ring.take(chunk);
  chunk.flush = flush;
  return chunk;
}

// A daemon's timeline whose processes and tools are the test.
struct Seen {
  explicit Seen(std::uint32_t rate = 1'000) : timeline({daemon_of(0), 4711, rate, 5}) {}
  template <typename Said>
  void say(ProcessId from, const Said& said) {
    timeline.handle(now, from, said, out);
    mail.take(out);
    out.clear();
  }
  void join(ProcessId process) {
    say(process, GetClock{10, /*records=*/true});
    mail.expect<ClockReply>(process);
  }
  TimelinePart read(std::uint64_t after = 0) {
    say(kTool, GetTimeline{after, false});
    return mail.expect<TimelinePart>(kTool);
  }

  Time now = Time() + std::chrono::seconds(1);
  NodeTimeline timeline;
  NodeOutbox out;
  Mail mail;
};

}  // namespace

TEST_CASE("a daemon says what its clock says, and which clock that is") {
  Seen seen;
  seen.say(kTool, GetClock{10, false});
  const ClockReply reply = seen.mail.expect<ClockReply>(kTool);
  CHECK(reply.sent_ns == 10);
  CHECK(reply.at_ns == 1'000'000'000);
  CHECK(reply.clock == 5);
  CHECK(reply.rate == 1'000);
  seen.say(kTool, GetTimeline{0, /*flush=*/true});  // a tool is not asked for records
  CHECK(seen.mail.expect<TimelinePart>(kTool).chunks.empty());
}

TEST_CASE("SEEN-1 who asks is answered when all have handed over what they had, or are gone") {
  Seen seen;
  seen.join(kWorker);
  seen.join(kOther);
  seen.say(kTool, GetTimeline{0, /*flush=*/true});
  const std::uint64_t flush = seen.mail.expect<FlushTimeline>(kWorker).flush;
  CHECK(seen.mail.expect<FlushTimeline>(kOther).flush == flush);
  seen.say(kWorker, chunk_of(0));  // this was on its way before
  seen.say(kWorker, chunk_of(flush));
  seen.mail.expect_nothing_else();
  SUBCASE("handed over") { seen.say(kOther, chunk_of(flush)); }
  SUBCASE("gone") {
    seen.timeline.on_lost(kOther, seen.out);
    seen.mail.take(seen.out);
  }
  const TimelinePart part = seen.mail.expect<TimelinePart>(kTool);
  CHECK(part.silent == 0);
  CHECK(part.is_end);
  CHECK(part.chunks.at(0).process == kWorker);
}

TEST_CASE("SEEN-1 who does not hand over is waited for no longer than kFlushPatience, and counted") {
  Seen seen;
  seen.join(kWorker);
  seen.say(kTool, GetTimeline{0, /*flush=*/true});
  seen.mail.expect<FlushTimeline>(kWorker);
  REQUIRE(seen.timeline.next_deadline() == seen.now + kFlushPatience);
  seen.now += kFlushPatience;
  seen.timeline.on_tick(seen.now, seen.out);
  seen.mail.take(seen.out);
  CHECK(seen.mail.expect<TimelinePart>(kTool).silent == 1);
  CHECK_FALSE(seen.timeline.next_deadline());
  seen.say(kWorker, chunk_of(1));
  seen.mail.expect_nothing_else();
}

TEST_CASE("SEEN-2 nothing is kept while the rate is 0") {
  Seen seen(0);
  seen.join(kWorker);
  seen.say(kWorker, chunk_of(0));
  seen.timeline.on_started(seen.now, kWorker, Time());
  seen.timeline.on_leased(seen.now, {daemon_of(0), 1}, kWorker, kDriver, Time());
  seen.out.spills.push_back(WriteSpill{1, {{1, 0, 0, 4096}}});
  seen.timeline.see(seen.now, seen.out);
  seen.timeline.on_spill(seen.now, SpillWritten{1, {{1, 0}}});
  seen.timeline.on_usage(seen.now, {});
  const TimelinePart part = seen.read();
  CHECK(part.chunks.empty());
  CHECK(part.rate == 0);
}

TEST_CASE("a daemon records transfers, spills, starts, leases and counters of its own") {
  Seen seen;
  const Time begin = seen.now - std::chrono::milliseconds(5);
  seen.out.transfers.push_back({daemon_of(1), 1 << 20, begin});
  seen.out.spills.push_back(WriteSpill{1, {{1, 0, 0, 4096}, {2, 4096, 4096, 8192}}});
  seen.timeline.see(seen.now, seen.out);
  CHECK(seen.out.transfers.empty());
  seen.timeline.see(seen.now + std::chrono::seconds(9), seen.out);  // not anew
  seen.timeline.on_spill(seen.now + std::chrono::milliseconds(3), SpillWritten{1, {{1, 0}, {2, 0}}});
  seen.timeline.on_started(seen.now, kWorker, begin);
  seen.timeline.on_leased(seen.now, {daemon_of(0), 1}, kWorker, kDriver, begin);
  NodeUsage usage;
  usage.object_bytes_used = 42;
  seen.timeline.on_usage(seen.now, usage);
  seen.timeline.on_usage(seen.now, usage);  // it has not changed
  const TimelinePart part = seen.read();
  REQUIRE(part.chunks.size() == 1);
  const TimelineChunk& chunk = part.chunks.front();
  CHECK(chunk.role == "daemon");
  CHECK(chunk.pid == 4711);
  const std::vector<TimelineRecord> records = records_of(chunk);
  REQUIRE(records.size() == 8);
  CHECK(chunk.names.at(records[0].name) == "transfer");
  CHECK(records[0].amount == 1 << 20);
  CHECK(records[0].end_ns - records[0].begin_ns == 5'000'000);
  CHECK(records[1].kind == TimelineKind::kSpill);
  CHECK(records[1].amount == 12'288);
  CHECK(records[1].end_ns - records[1].begin_ns == 3'000'000);
  CHECK(records[2].kind == TimelineKind::kStart);
  CHECK(records[3].kind == TimelineKind::kLease);
  CHECK(records[3].peer == static_cast<std::uint64_t>(kDriver));
  CHECK(records[4].kind == TimelineKind::kCounter);
  CHECK(records[4].amount == 42);
}

TEST_CASE("a node daemon notes when a worker was started and leased") {
  NodeFixture node;
  NodeDaemon::Options options = NodeFixture::options(node_info(0, 4, 2));
  options.timeline_rate = 1'000;
  NodeOutbox out;
  NodeDaemon daemon(options, node.now, out);
  Mail mail;
  const auto say = [&](ProcessId from, Message message) {
    node.now += std::chrono::milliseconds(2);
    daemon.on_message(node.now, from, std::move(message), out);
    mail.take(out);
  };
  say(kHead, Welcome{"reef", 1});
  say(kDriver, lease_request(1, cpus(1)));
  say(kHead, JobReply{true, job_info()});
  daemon.on_program(node.now, kDriver, "/home/me/simulate", "", out);
  REQUIRE(out.starts.size() == 1);
  const ProcessId worker = out.starts.front().worker;
  say(worker, WorkerReady{contact_of(worker, NodeId(0)), 4711, "b1"});
  say(kDriver, LeaseReturn{{daemon_of(0), 1}});
  out.clear();
  daemon.on_message(node.now, kTool, GetTimeline{}, out);
  std::vector<TimelineKind> kinds;
  for (const Outbox::Letter& letter : out.letters)
    if (const auto* part = std::get_if<TimelinePart>(&letter.message))
      for (const TimelineChunk& chunk : part->chunks)
        for (const TimelineRecord& record : records_of(chunk))
          if (record.kind != TimelineKind::kCounter) kinds.push_back(record.kind);
  CHECK(kinds == std::vector{TimelineKind::kStart, TimelineKind::kLease});
}
