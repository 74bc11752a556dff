// What people's tools ask of the head (wire/state_messages.h).

#include <algorithm>
#include <cstdio>

#include "runtime/control/head.h"
#include "runtime/control/placing.h"
#include "runtime/state/words.h"

namespace Atoll {
namespace {

std::string gbps_text(double gbps) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", gbps);
  return text;
}

std::string word_or_dash(const std::string& text) { return text.empty() ? "-" : text; }

// As ColumnType::kGpus has them; without a graph every GPU is an island.
std::vector<std::string> gpus_of(const NodeInfo& info, const NodeUsage& usage, const GpuGraph* graph) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < info.gpus.size() && i < info.gpu_capacity.size(); ++i) {
    const GpuRecord& gpu = info.gpus[i];
    const int place = static_cast<int>(i);
    all.push_back(std::to_string(gpu.index) + " " + std::to_string(graph == nullptr ? place : graph->island(place)) +
                  " " + (gpu.numa < 0 ? "-" : std::to_string(gpu.numa)) + " " +
                  (i < usage.gpu_free.size() ? usage.gpu_free[i].to_string() : "-") + " " + word_or_dash(gpu.uuid) +
                  " " + word_or_dash(gpu.model));
  }
  return all;
}

// As ColumnType::kLinks has them.
std::vector<std::string> links_of(const NodeInfo& info, const GpuGraph* graph) {
  std::vector<std::string> all;
  const int size = graph == nullptr ? 0 : std::min(graph->size(), static_cast<int>(info.gpus.size()));
  const auto index_of = [&info](int place) { return std::to_string(info.gpus[static_cast<std::size_t>(place)].index); };
  for (int a = 0; a < size; ++a)
    for (int b = a + 1; b < size; ++b)
      if (graph->joined(a, b)) all.push_back(index_of(a) + " " + index_of(b) + " " + gbps_text(graph->gbps(a, b)));
  return all;
}

}  // namespace

void Head::handle(Time, ProcessId from, const GetPeers&, Outbox& out) {
  Peers peers{options_.cluster, {}, {}};
  for (const auto& [id, node] : nodes_.all())
    peers.nodes.push_back({node.daemon, node.info.name, node.state == NodeState::kAlive});
  for (const auto& [job, driver] : drivers_)
    peers.drivers.push_back({driver.info.driver, "driver " + std::to_string(driver.pid) + " on " + driver.host});
  out.send(from, std::move(peers));
}

void Head::handle(Time now, ProcessId from, const GetState& question, Outbox& out) {
  StateRows rows(question);
  switch (question.kind) {
    case StateKind::kNodes:
      list_nodes(now, rows);
      break;
    case StateKind::kActors:
      list_actors(now, rows);
      break;
    case StateKind::kGroups:
      groups_.list(rows);
      break;
    case StateKind::kJobs:
      list_jobs(now, rows);
      break;
    case StateKind::kRequests:
      demand_.list(view_, rows);
      break;
    default:
      break;  // others know
  }
  StateReport report;
  rows.finish(report);
  out.send(from, std::move(report));
}

// What a dead node had is gone: its numbers would mislead.
void Head::list_nodes(Time now, StateRows& rows) const {
  struct Seen {
    NodeId id;
    const NodeTable::Node& node;
    const Head& head;
    Time now;
    bool alive() const { return node.state == NodeState::kAlive; }
    // The view has it: see NodeTable::forget_wires().
    NodePlace place() const {
      const ClusterView::Node* in_view = head.view_.find(id);
      return in_view == nullptr ? NodePlace() : in_view->place;
    }
  };
  static constexpr StateGetter<Seen> kGetters[] = {
      {"node", [](const Seen& s) { return cell_of(s.id); }},
      {"state", [](const Seen& s) { return cell_of(to_string(s.node.state)); }},
      {"seconds", [](const Seen& s) { return cell_of(seconds(s.now - s.node.changed)); }},
      {"silent",
       [](const Seen& s) { return s.node.daemon.is_none() ? StateCell() : cell_of(seconds(s.now - s.node.heard)); }},
      {"cause", [](const Seen& s) { return text_or_none(s.node.cause); }},
      {"pid", [](const Seen& s) { return s.node.info.pid == 0 ? StateCell() : cell_of(s.node.info.pid); }},
      {"process", [](const Seen& s) { return cell_of(s.node.daemon.process); }},
      {"cpu", [](const Seen& s) { return cell_of(s.node.info.total.cpu.to_double()); }},
      {"cpu_free", [](const Seen& s) { return s.alive() ? cell_of(s.node.usage.free.cpu.to_double()) : StateCell(); }},
      {"gpu", [](const Seen& s) { return cell_of(s.node.info.total.gpu.to_double()); }},
      {"gpu_free", [](const Seen& s) { return s.alive() ? cell_of(s.node.usage.free.gpu.to_double()) : StateCell(); }},
      {"memory", [](const Seen& s) { return cell_of(s.node.info.total.memory); }},
      {"memory_free", [](const Seen& s) { return s.alive() ? cell_of(s.node.usage.free.memory) : StateCell(); }},
      {"workers", [](const Seen& s) { return s.alive() ? cell_of(s.node.usage.workers) : StateCell(); }},
      {"actors", [](const Seen& s) { return s.alive() ? cell_of(s.node.usage.actors) : StateCell(); }},
      {"leases", [](const Seen& s) { return s.alive() ? cell_of(s.node.usage.leases) : StateCell(); }},
      {"waiting", [](const Seen& s) { return s.alive() ? cell_of(s.node.usage.waiting) : StateCell(); }},
      {"leases_granted", [](const Seen& s) { return cell_of(s.node.usage.tasks_leased); }},
      {"object_memory", [](const Seen& s) { return s.alive() ? cell_of(s.node.usage.object_bytes) : StateCell(); }},
      {"object_memory_used",
       [](const Seen& s) { return s.alive() ? cell_of(s.node.usage.object_bytes_used) : StateCell(); }},
      {"object_memory_reached",
       [](const Seen& s) { return s.alive() ? cell_of(s.node.usage.object_bytes_reached) : StateCell(); }},
      {"objects", [](const Seen& s) { return s.alive() ? cell_of(s.node.usage.objects) : StateCell(); }},
      {"objects_waiting",
       [](const Seen& s) { return s.alive() ? cell_of(s.node.usage.objects_waiting) : StateCell(); }},
      {"bytes_fetched", [](const Seen& s) { return cell_of(s.node.usage.bytes_fetched); }},
      {"bytes_sent", [](const Seen& s) { return cell_of(s.node.usage.bytes_sent); }},
      {"bytes_on_disk", [](const Seen& s) { return s.alive() ? cell_of(s.node.usage.bytes_on_disk) : StateCell(); }},
      {"bytes_spilled", [](const Seen& s) { return cell_of(s.node.usage.bytes_spilled); }},
      {"bytes_restored", [](const Seen& s) { return cell_of(s.node.usage.bytes_restored); }},
      {"warnings", [](const Seen& s) { return cell_of(s.node.info.warnings); }},
      {"gpus",
       [](const Seen& s) {
         return s.alive() ? cell_of(gpus_of(s.node.info, s.node.usage, s.place().graph.get())) : StateCell();
       }},
      {"links", [](const Seen& s) { return cell_of(links_of(s.node.info, s.place().graph.get())); }},
      {"fabric", [](const Seen& s) { return text_or_none(s.place().fabric); }},
      {"switches", [](const Seen& s) { return cell_of(s.place().switches); }},
  };
  StateQuery<Seen> query(rows, kGetters);
  for (const auto& [id, node] : nodes_.all()) query.offer({id, node, *this, now});
}

void Head::list_actors(Time now, StateRows& rows) const {
  struct Seen {
    ActorId id;
    const ActorTable::Actor& actor;
    const Head& head;
    Time now;
    bool dead() const { return actor.state == ActorState::kDead; }
  };
  static constexpr StateGetter<Seen> kGetters[] = {
      {"id", [](const Seen& s) { return cell_of(s.id); }},
      {"name", [](const Seen& s) { return text_or_none(s.actor.spec.name); }},
      {"name_space", [](const Seen& s) { return text_or_none(s.actor.spec.name_space); }},
      {"class", [](const Seen& s) { return cell_of(s.actor.spec.class_name); }},
      {"state", [](const Seen& s) { return cell_of(to_string(s.actor.state)); }},
      {"seconds", [](const Seen& s) { return cell_of(seconds(s.now - s.actor.changed)); }},
      {"node", [](const Seen& s) { return cell_of(s.actor.node); }},
      {"process", [](const Seen& s) { return cell_of(s.actor.worker.process); }},
      {"pid",
       [](const Seen& s) { return s.dead() && s.actor.error->pid != 0 ? cell_of(s.actor.error->pid) : StateCell(); }},
      {"starts", [](const Seen& s) { return cell_of(s.actor.incarnation); }},
      {"restarts", [](const Seen& s) { return cell_of(s.actor.restarts); }},
      {"restarts_allowed", [](const Seen& s) { return cell_of(s.actor.spec.max_restarts); }},
      {"needs", [](const Seen& s) { return s.dead() ? StateCell() : cell_of(to_string(s.actor.spec.shape)); }},
      {"creator", [](const Seen& s) { return cell_of(s.actor.creator); }},
      {"job", [](const Seen& s) { return cell_of(s.actor.spec.job); }},
      {"detached", [](const Seen& s) { return cell_of(s.actor.spec.detached); }},
      {"group", [](const Seen& s) { return cell_of(s.actor.spec.group); }},
      {"bundle", [](const Seen& s) { return s.actor.bundle < 0 ? StateCell() : cell_of(s.actor.bundle); }},
      {"watchers", [](const Seen& s) { return cell_of(s.actor.watchers.size()); }},
      {"why", [](const Seen& s) { return text_or_none(s.head.why_waiting(s.actor)); }},
  };
  StateQuery<Seen> query(rows, kGetters);
  for (const auto& [id, actor] : actors_.all()) query.offer({id, actor, *this, now});
}

// Why it is not alive: the cause of its end, or what it waits for.
std::string Head::why_waiting(const ActorTable::Actor& actor) const {
  const std::string cause = actor.error ? actor.error->message : "";
  const bool waits =
      (actor.state == ActorState::kPending || actor.state == ActorState::kRestarting) && actor.node == NodeId::kNone;
  if (actor.state == ActorState::kStarting)
    return "its process is being started on node " + nodes_.get(actor.node)->info.name +
           (cause.empty() ? "" : ", since " + cause);
  if (!waits) return cause;
  const std::string what = actor.spec.group.is_none() ? why_not_now(view_, actor.spec.strategy, actor.spec.shape)
                                                      : groups_.why_waiting(actor.spec.group);
  return cause.empty() ? what : what + "; it is to be restarted, since " + cause;
}

void Head::list_jobs(Time now, StateRows& rows) const {
  struct Seen {
    const Driver& driver;
    bool ended;
    const Head& head;
    Time now;
    ProcessId id() const { return driver.info.job; }
  };
  static constexpr StateGetter<Seen> kGetters[] = {
      {"id", [](const Seen& s) { return cell_of(s.id()); }},
      {"state", [](const Seen& s) { return cell_of(s.ended ? "ended" : "running"); }},
      {"seconds", [](const Seen& s) { return cell_of(seconds(s.now - s.driver.attached)); }},
      {"host", [](const Seen& s) { return cell_of(s.driver.host); }},
      {"pid", [](const Seen& s) { return s.driver.pid == 0 ? StateCell() : cell_of(s.driver.pid); }},
      {"program", [](const Seen& s) { return cell_of(s.driver.info.path); }},
      {"directory", [](const Seen& s) { return cell_of(s.driver.info.directory); }},
      {"build", [](const Seen& s) { return cell_of(s.driver.info.build_id); }},
      {"actors",
       [](const Seen& s) {
         return cell_of(std::ranges::count_if(s.head.actors_.all(), [&s](const auto& entry) {
           return entry.second.spec.job == s.id() && entry.second.state != ActorState::kDead;
         }));
       }},
      {"groups", [](const Seen& s) { return cell_of(s.head.groups_.count_of(s.id())); }},
      {"requests", [](const Seen& s) { return cell_of(s.head.demand_.pending_of(s.id())); }},
  };
  StateQuery<Seen> query(rows, kGetters);
  for (const auto& [job, driver] : drivers_) query.offer({driver, false, *this, now});
  for (const auto& [job, driver] : survived_)
    if (actors_.has_detached(job)) query.offer({driver, true, *this, now});
}

}  // namespace Atoll
