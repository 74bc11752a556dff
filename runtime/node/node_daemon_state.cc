// What people's tools ask of the node daemon (wire/state_messages.h).

#include "runtime/node/node_daemon.h"
#include "runtime/state/narrow.h"

namespace Atoll {

void NodeDaemon::handle(Time now, ProcessId from, const GetState& question, NodeOutbox& out) {
  if (owners_know(question.kind)) return gatherer_.begin(now, from, question, {{}, {}, owners(question)}, out);
  out.send(from, own_state(now, question));
}

// Other daemons' answers, and its own.
void NodeDaemon::handle(Time now, ProcessId from, const GatherState& gather, NodeOutbox& out) {
  if (!gatherer_.has_room() || gather.members.size() > kMostMembers) {
    StateReport refused;
    refused.request = gather.question.request;
    refused.refused = true;
    return out.send(from, std::move(refused));
  }
  StateGatherer::Sources sources{own_state(now, with_sort_column(gather.question)), {}, owners(gather.question)};
  for (const PeerNode& member : gather.members) {
    if (member.daemon.process == options_.self.process) continue;
    auto& others = member.daemon.node < options_.self.node ? sources.before : sources.behind;
    others.push_back({member.daemon, daemon_words(member.name)});
  }
  gatherer_.begin(now, from, gather.question, std::move(sources), out);
}

void NodeDaemon::handle(Time, ProcessId from, const StateReport& report, NodeOutbox& out) {
  gatherer_.take(from, report, out);
}

StateReport NodeDaemon::own_state(Time now, const GetState& question) const {
  StateRows rows(question);
  if (question.kind == StateKind::kWorkers) list_workers(now, rows);
  if (question.kind == StateKind::kObjects) objects_.list(rows);
  StateReport report;
  rows.finish(report);
  return report;
}

// The workers that may own what is asked for.
std::vector<StateGatherer::Asked> NodeDaemon::owners(const GetState& question) const {
  std::vector<StateGatherer::Asked> all;
  if (!owners_know(question.kind)) return all;
  for (const auto& [id, worker] : workers_.all())
    if (worker.usable() && may_know(question, id))
      all.push_back({worker.contact, "worker " + std::to_string(worker.pid) + " on " + options_.info.name});
  return all;
}

// Of who has the worker; null if nobody has.
const NodeDaemon::Seat* NodeDaemon::seat_of(const Worker& worker) const {
  if (const LeaseId* lease = std::get_if<LeaseId>(&worker.tenant)) return &leases_.at(*lease).seat;
  if (const ActorId* actor = std::get_if<ActorId>(&worker.tenant)) return &actors_.at(*actor).seat;
  return nullptr;
}

void NodeDaemon::list_workers(Time now, StateRows& rows) const {
  struct Seen {
    ProcessId id;
    const Worker& worker;
    const NodeDaemon& daemon;
    Time now;

    std::string why() const {
      if (!worker.doom.empty()) return "it " + worker.doom;
      if (worker.lost) return "its connection is lost: " + worker.lost_why;
      return worker.queued ? "others start before it" : "";
    }
    ProcessId owner() const {
      const LeaseId* lease = std::get_if<LeaseId>(&worker.tenant);
      return lease == nullptr ? ProcessId::kNone : daemon.leases_.at(*lease).owner;
    }
    std::vector<std::string> gpus() const {
      std::vector<std::string> all;
      for (const int place : worker.kind.gpus)
        all.push_back(std::to_string(daemon.options_.info.gpus.at(static_cast<std::size_t>(place)).index));
      return all;
    }
    StateCell cpu_seconds() const {
      if (worker.pid == 0 || !daemon.options_.cpu_of) return {};
      const std::optional<double> used = daemon.options_.cpu_of(worker.pid);
      return used ? cell_of(*used) : StateCell();
    }
    StateCell memory() const {
      if (worker.pid == 0 || !daemon.options_.memory_of) return {};
      const std::optional<std::uint64_t> bytes = daemon.options_.memory_of(worker.pid);
      return bytes ? cell_of(*bytes) : StateCell();
    }
  };
  static constexpr StateGetter<Seen> kGetters[] = {
      {"id", [](const Seen& s) { return cell_of(s.id); }},
      {"node", [](const Seen& s) { return cell_of(s.daemon.options_.self.node); }},
      {"pid", [](const Seen& s) { return s.worker.pid == 0 ? StateCell() : cell_of(s.worker.pid); }},
      {"state", [](const Seen& s) { return cell_of(s.worker.state()); }},
      {"work", [](const Seen& s) { return cell_of(s.daemon.doing(s.worker)); }},
      {"seconds",
       [](const Seen& s) { return s.worker.queued ? StateCell() : cell_of(seconds(s.now - s.worker.started)); }},
      {"idle",
       [](const Seen& s) { return s.worker.idle() ? cell_of(seconds(s.now - s.worker.idle_since)) : StateCell(); }},
      {"memory", [](const Seen& s) { return s.memory(); }},
      {"cpu_seconds", [](const Seen& s) { return s.cpu_seconds(); }},
      {"cpu",
       [](const Seen& s) {
         const Seat* seat = s.daemon.seat_of(s.worker);
         return cell_of(seat == nullptr ? 0.0 : seat->holding.grant.amounts.cpu.to_double());
       }},
      {"gpus", [](const Seen& s) { return cell_of(s.gpus()); }},
      {"actor",
       [](const Seen& s) {
         const ActorId* actor = std::get_if<ActorId>(&s.worker.tenant);
         return actor == nullptr ? StateCell() : cell_of(*actor);
       }},
      {"owner", [](const Seen& s) { return cell_of(s.owner()); }},
      {"job", [](const Seen& s) { return cell_of(s.worker.kind.job); }},
      {"group",
       [](const Seen& s) { return s.worker.bundle ? cell_of(s.worker.bundle->group) : StateCell(); }},
      {"bundle",
       [](const Seen& s) { return s.worker.bundle ? cell_of(s.worker.bundle->index) : StateCell(); }},
      {"why", [](const Seen& s) { return text_or_none(s.why()); }},
  };
  StateQuery<Seen> query(rows, kGetters);
  for (const auto& [id, worker] : workers_.all()) query.offer({id, worker, *this, now});
}

}  // namespace Atoll
