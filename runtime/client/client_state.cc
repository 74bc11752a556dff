// What people's tools ask of a driver or a worker: the tasks, calls and objects that it owns (wire/state_messages.h).

#include <algorithm>

#include "runtime/client/client_core.h"
#include "runtime/state/words.h"
#include "runtime/wire/location.h"

namespace Atoll {
namespace {

template <typename Id>
std::vector<std::string> words_of(const std::vector<Id>& ids) {
  std::vector<std::string> all;
  for (const Id id : ids) all.push_back(to_string(id));
  return all;
}

void list_failures(Time now, const FailureLog& failures, StateRows& rows) {
  struct Seen {
    const FailureLog::Failed& failed;
    Time now;
    const ErrorInfo& error() const { return *failed.error; }
  };
  static constexpr StateGetter<Seen> kGetters[] = {
      {"id", [](const Seen& s) { return cell_of(s.failed.object); }},
      {"function", [](const Seen& s) { return text_or_none(s.error().function); }},
      {"state",
       [](const Seen& s) { return cell_of(s.error().kind == ErrorKind::kCancelled ? "cancelled" : "failed"); }},
      {"seconds", [](const Seen& s) { return cell_of(seconds(s.now - s.failed.when)); }},
      {"node", [](const Seen& s) { return text_or_none(s.error().node); }},
      {"pid", [](const Seen& s) { return s.error().pid == 0 ? StateCell() : cell_of(s.error().pid); }},
      {"owner", [](const Seen& s) { return cell_of(s.failed.object.process); }},
      {"error", [](const Seen& s) { return cell_of(to_string(s.error().kind)); }},
      {"why", [](const Seen& s) { return text_or_none(s.error().message); }},
  };
  StateQuery<Seen> query(rows, kGetters);
  const auto& all = failures.all();
  for (auto failed = all.rbegin(); failed != all.rend(); ++failed) query.offer({*failed, now});
}

}  // namespace

void TaskClient::list(Time now, StateRows& rows) const {
  struct Seen {
    const Task& task;
    const TaskClient& client;
    Time now;

    const Lease* lease() const {
      const auto entry = client.leases_.find(task.lease);
      return entry == client.leases_.end() ? nullptr : &entry->second;
    }
    bool is_first() const { return lease() != nullptr && lease()->in_flight.front() == task.id; }
    const char* state() const {
      if (task.missing > 0) return "arguments";
      if (lease() == nullptr) return "queued";
      if (lease()->broken) return "unreachable";
      if (task.cancelled) return "cancelling";
      return is_first() ? "running" : "sent";
    }
  };
  static constexpr StateGetter<Seen> kGetters[] = {
      {"id", [](const Seen& s) { return cell_of(s.task.id); }},
      {"type", [](const Seen&) { return cell_of("task"); }},
      {"function", [](const Seen& s) { return cell_of(s.task.function); }},
      {"name",
       [](const Seen& s) { return s.task.extras == nullptr ? StateCell() : text_or_none(s.task.extras->name); }},
      {"state", [](const Seen& s) { return cell_of(s.state()); }},
      {"seconds", [](const Seen& s) { return cell_of(seconds(s.now - s.task.submitted)); }},
      {"running",
       [](const Seen& s) { return s.is_first() ? cell_of(seconds(s.now - s.lease()->first_since)) : StateCell(); }},
      {"node", [](const Seen& s) { return s.lease() == nullptr ? StateCell() : cell_of(s.lease()->worker.node); }},
      {"process",
       [](const Seen& s) { return s.lease() == nullptr ? StateCell() : cell_of(s.lease()->worker.process); }},
      {"owner", [](const Seen& s) { return cell_of(s.client.self_); }},
      {"job", [](const Seen& s) { return cell_of(s.client.job_); }},
      {"parent", [](const Seen& s) { return cell_of(s.task.parent); }},
      {"needs", [](const Seen& s) { return cell_of(to_string(s.task.shape->key.resources)); }},
      {"group", [](const Seen& s) { return cell_of(s.task.shape->key.group); }},
      {"bundle",
       [](const Seen& s) { return s.task.shape->key.bundle < 0 ? StateCell() : cell_of(s.task.shape->key.bundle); }},
      {"retries_left", [](const Seen& s) { return cell_of(s.task.attempts_left); }},
      {"waits_for", [](const Seen& s) { return cell_of(words_of(s.task.arguments.pending(s.client.objects_))); }},
      {"why", [](const Seen& s) { return text_or_none(s.client.why_waiting(s.task)); }},
  };
  StateQuery<Seen> query(rows, kGetters);
  tasks_.for_each([&](std::uint64_t, const Task& task) { query.offer({task, *this, now}); });
}

// What is done about a worker for it; empty if it has one, or cannot begin yet.
std::string TaskClient::why_waiting(const Task& task) const {
  if (task.missing > 0 || leases_.contains(task.lease)) return "";
  const Shape& shape = *task.shape;
  if (const auto group = groups_.find(shape.key.group);
      group != groups_.end() && group->second.state != GroupState::kCreated)
    return "its placement group is " + std::string(to_string(group->second.state));
  std::uint32_t of_head = 0, of_nodes = 0;
  for (const auto& [id, ask] : asks_)
    if (ask.shape == &shape) (ask.target == head_ ? of_head : of_nodes) += ask.count;
  std::string why;
  if (of_nodes > 0) why = "nodes were asked for " + std::to_string(of_nodes) + (of_nodes == 1 ? " worker" : " workers");
  if (of_head > 0)
    why += (why.empty() ? "" : "; ") + std::string("the head looks for room for ") + std::to_string(of_head) +
           (of_head == 1 ? " worker" : " workers");
  if (shape.leases > 0)
    why += (why.empty() ? "" : "; ") + std::to_string(shape.leases) +
           (shape.leases == 1 ? " worker runs" : " workers run") + " tasks like it";
  return why;
}

// Shapes and leases are few, whatever there is of tasks.
WorkCounts TaskClient::counts() const {
  WorkCounts counts = counts_;
  for (const auto& [key, shape] : shapes_) counts.queued += shape.waiting();
  for (const auto& [id, lease] : leases_) counts.sent += lease.in_flight.size();
  const std::uint64_t ready = counts.queued + counts.sent;
  counts.waiting = tasks_.size() > ready ? tasks_.size() - ready : 0;
  return counts;
}

WorkCounts ActorClient::counts() const {
  WorkCounts counts = counts_;
  for (const auto& [id, actor] : actors_) counts.sent += actor.under_way;
  counts.queued = calls_.size() - counts.sent;
  return counts;
}

void ActorClient::list(StateRows& rows) const {
  struct Seen {
    const Call& call;
    const ActorClient& client;
    const char* state() const {
      if (call.sent) return call.cancelled ? "cancelling" : call.actor->unreachable_since ? "unreachable" : "sent";
      return call.arguments.state(client.objects_) == CallArguments::State::kWaiting ? "arguments" : "queued";
    }
    std::string why() const {
      if (call.sent) return "";
      if (call.actor->state != ActorState::kAlive) return std::string("its actor is ") + to_string(call.actor->state);
      return call.actor->under_way >= kMostUnderWay ? std::to_string(kMostUnderWay) + " calls are under way" : "";
    }
  };
  static constexpr StateGetter<Seen> kGetters[] = {
      {"id", [](const Seen& s) { return cell_of(s.call.task); }},
      {"type", [](const Seen&) { return cell_of("call"); }},
      {"function", [](const Seen& s) { return cell_of(s.call.method); }},
      {"state", [](const Seen& s) { return cell_of(s.state()); }},
      {"node", [](const Seen& s) { return s.call.sent ? cell_of(s.call.actor->worker.node) : StateCell(); }},
      {"process", [](const Seen& s) { return s.call.sent ? cell_of(s.call.actor->worker.process) : StateCell(); }},
      {"owner", [](const Seen& s) { return cell_of(s.client.self_.process); }},
      {"parent", [](const Seen& s) { return cell_of(s.call.parent); }},
      {"actor", [](const Seen& s) { return cell_of(s.call.actor->id); }},
      {"waits_for", [](const Seen& s) { return cell_of(words_of(s.call.arguments.pending(s.client.objects_))); }},
      {"why", [](const Seen& s) { return text_or_none(s.why()); }},
  };
  StateQuery<Seen> query(rows, kGetters);
  calls_.for_each([&](std::uint64_t, const Call& call) { query.offer({call, *this}); });
}

void ObjectBook::list(StateRows& rows) const {
  struct Seen {
    ObjectId id;
    const Object& object;
    ProcessId self;
    const BorrowerTable& borrowers;
    bool is_large() const { return object.value != nullptr && is_location(*object.value); }
    std::optional<Location> location() const {
      if (!is_large()) return std::nullopt;
      const Result<Location> found = decode_location(*object.value);
      return found.ok() ? std::optional(*found) : std::nullopt;
    }
  };
  static constexpr StateGetter<Seen> kGetters[] = {
      {"id", [](const Seen& s) { return cell_of(s.id); }},
      {"process", [](const Seen& s) { return cell_of(s.self); }},
      {"owner", [](const Seen& s) { return cell_of(s.id.process); }},
      {"state",
       [](const Seen& s) {
         if (s.object.origin == Origin::kActor) return cell_of("actor");
         return cell_of(!s.object.settled ? "pending" : s.object.error ? "failed" : "ready");
       }},
      {"bytes",
       [](const Seen& s) {
         if (const std::optional<Location> at = s.location()) return cell_of(at->bytes);
         return s.object.value == nullptr ? StateCell() : cell_of(s.object.value->size());
       }},
      {"kept",
       [](const Seen& s) {
         return s.object.value == nullptr ? StateCell() : cell_of(s.is_large() ? "object memory" : "process");
       }},
      {"node",
       [](const Seen& s) {
         const std::optional<Location> at = s.location();
         return at ? cell_of(at->keeper.node) : StateCell();
       }},
      {"copy",
       [](const Seen& s) {
         const std::optional<Location> at = s.location();
         return at ? cell_of(at->copy) : StateCell();
       }},
      {"in_use", [](const Seen& s) { return cell_of(s.object.handles > 0); }},
      {"arguments", [](const Seen& s) { return cell_of(s.object.pins); }},
      {"fetchers",
       [](const Seen& s) { return cell_of(s.object.sharing == nullptr ? 0 : s.object.sharing->fetchers.size()); }},
      {"borrowers",
       [](const Seen& s) {
         if (s.id.process != s.self) return StateCell();  // its owner knows
         const bool any = s.object.sharing != nullptr && s.object.sharing->borrowers > 0;
         return cell_of(any ? words_of(s.borrowers.borrowers_of(s.id)) : std::vector<std::string>());
       }},
      {"why", [](const Seen& s) { return s.object.error ? text_or_none(s.object.error->message) : StateCell(); }},
  };
  StateQuery<Seen> query(rows, kGetters);
  own_.for_each([&](std::uint64_t sequence, const Object& object) {
    query.offer({{self_, sequence}, object, self_, borrowers_});
  });
  for (const auto& [id, object] : borrowed_) query.offer({id, object, self_, borrowers_});
}

void ClientCore::on_state(Time now, ProcessId from, const GetState& question, ClientOutbox& out) const {
  StateRows rows(question);
  StateReport report;
  if (question.kind == StateKind::kTasks) {
    tasks_.list(now, rows);
    actors_.list(rows);
    list_failures(now, failures_, rows);
    report.finished = tasks_.finished() + actors_.finished();
    report.failed = failures_.count();
  } else if (question.kind == StateKind::kRefs) {
    objects_.list(rows);
  }
  rows.finish(report);
  out.send(from, std::move(report));
}

WorkTotals ClientCore::totals() const {
  return {tasks_.finished(), actors_.finished(), failures_.count(), tasks_.retried(), tasks_.waits()};
}

}  // namespace Atoll
