#pragma once

#include "runtime/control/head.h"
#include "tests/support/builders.h"
#include "tests/support/mail.h"

namespace Atoll::testing {

// A head whose daemons and clients are the test.
struct HeadFixture {
  explicit HeadFixture(std::uint32_t nodes, Duration silence = kNodeSilence) : head(options(nodes, silence), Time()) {}

  static Head::Options options(std::uint32_t nodes, Duration silence = kNodeSilence) {
    return {"reef", contact_of(kHead), "n0", 99, nodes, silence};
  }

  void say(ProcessId from, Message message) {
    head.on_message(now, from, std::move(message), out);
    take();
  }
  void lose(ProcessId peer, const std::string& why = "connection reset") {
    head.on_lost(now, peer, Status(Code::kUnavailable, why), out);
    take();
  }

  // Node `rank` joins with `info`.
  void join(std::uint32_t rank, NodeInfo info) {
    infos[rank] = std::move(info);
    sequences[rank] = 1;
    say(daemon_of(rank), join_of(rank, infos[rank]));
  }
  void attach(ProcessId driver = kDriver) {
    say(driver, attach_driver(driver));
    mail.expect<Attached>(driver);
  }

  // The next report of a node: `cpu` are free, `heard` were heard.
  void report(std::uint32_t rank, std::int64_t cpu, std::vector<std::uint64_t> heard = {}) {
    NodeUsage usage = idle_usage(infos[rank], ++sequences[rank]);
    usage.free.cpu = Fixed::whole(cpu);
    usage.heard = std::move(heard);
    say(daemon_of(rank), Heartbeat{usage});
    mail.expect<HeartbeatAck>(daemon_of(rank));
  }

  // Time passes: the head ticks whenever it wants to, and `talking` daemons
  // send heartbeats.
  void pass(Duration duration, std::vector<std::uint32_t> talking = {}) {
    const Time end = now + duration;
    Time beat = now;
    while (true) {
      for (const std::uint32_t rank : talking)
        if (now >= beat) report(rank, infos[rank].total.cpu.units() / Fixed::kScale);
      if (now >= beat) beat = now + kHeartbeatInterval;
      const Time next = std::min({end, head.next_deadline(), beat});
      if (next >= end) break;
      now = next;
      if (now >= head.next_deadline()) tick();
    }
    now = end;
    tick();
  }
  void tick() {
    head.on_tick(now, out);
    take();
  }
  // What daemons are told of the death of others is kept apart: few tests are about that.
  void take() {
    std::erase_if(out.letters, [this](const Outbox::Letter& letter) {
      const bool is_daemon = std::ranges::any_of(infos, [&](const auto& node) { return daemon_of(node.first) == letter.to; });
      if (is_daemon && std::holds_alternative<NodeDied>(letter.message)) told_daemons.push_back(letter.to);
      return is_daemon && std::holds_alternative<NodeDied>(letter.message);
    });
    mail.take(out);
  }

  Time now{};
  Outbox out;
  Mail mail;
  std::vector<ProcessId> told_daemons;  // daemons, of a node's death
  std::map<std::uint32_t, NodeInfo> infos;
  std::map<std::uint32_t, std::uint64_t> sequences;
  Head head;
};

// A cluster of equal nodes, all joined.
struct ReadyHead : HeadFixture {
  ReadyHead(std::uint32_t nodes, std::int64_t cpu, std::int64_t gpu = 0) : HeadFixture(nodes) {
    for (std::uint32_t rank = 0; rank < nodes; ++rank) join(rank, node_info(rank, cpu, gpu));
    mail.drop_all();
  }
};

}  // namespace Atoll::testing
