#include "launcher/explain_text.h"

#include <algorithm>
#include <map>

#include "launcher/explain_words.h"
#include "runtime/base/words.h"
#include "runtime/scheduler/explanation_words.h"
#include "runtime/state/cells.h"

namespace Atoll {
namespace {

using Sentences = std::vector<std::string>;

// A node says something twice a second.
constexpr double kQuiet = 1.5;
// What runs longer is said to do so.
constexpr double kSlow = 10;

std::string bytes_words(double bytes) { return format_bytes(count_of(bytes)); }

void explain_node(const StateRecord& node, Sentences& out) {
  const std::string name = "node " + node.text("node"), state = node.text("state");
  if (state == "joining") {
    out.push_back(name + " has not joined for " + time_words(node) +
                  ": its daemon was not started, or does not reach the head");
    return out.push_back("next: see what srun said when the cluster started, and atoll doctor --site");
  }
  if (state == "dead") {
    out.push_back(name + " died " + time_words(node) + " ago: " + node.text("cause"));
    out.push_back("it was last heard " + time_words(node, "silent") + " ago");
    return out.push_back(
        "next: its tasks are run elsewhere as far as their retries allow, and actors with restarts are started "
        "elsewhere; it does not "
        "come back into this cluster. scontrol show node says what Slurm thinks of it; --node-timeout is for hosts "
        "that stand still");
  }
  out.push_back(name + " has been alive for " + time_words(node) + ": " + amount_words(node.number("cpu_free")) +
                " of " + amount_words(node.number("cpu")) + " cpu and " + amount_words(node.number("gpu_free")) +
                " of " + amount_words(node.number("gpu")) + " gpu free, " +
                count_words(static_cast<int>(node.number("workers")), "worker") + ", " +
                count_words(static_cast<int>(node.number("actors")), "actor") + "; " +
                bytes_words(node.number("object_memory_used")) + " of " + bytes_words(node.number("object_memory")) +
                " object memory in use by " + count_words(static_cast<int>(node.number("objects")), "object"));
  if (node.number("silent") > kQuiet) {
    out.push_back("it has said nothing for " + time_words(node, "silent") +
                  ", though it should twice a second: it stands still, or cannot be reached");
    out.push_back(
        "next: it counts as dead after 2.5 s, or what --node-timeout says; look there with srun --overlap -w " +
        node.text("node"));
  }
  if (node.number("waiting") > 0)
    out.push_back(amount_words(node.number("waiting")) +
                  " tasks and actors wait for room in a placement group's bundle there: atoll list groups");
  if (node.number("objects_waiting") > 0)
    out.push_back(amount_words(node.number("objects_waiting")) +
                  " values wait for room in its object memory; next: atoll list objects --filter node=" +
                  node.text("node") + " --sort=-bytes says what fills it");
  for (const std::string& warning : node.list("warnings")) out.push_back("odd about it: " + warning);
}

// The tasks by their states, and the one that takes longest.
void explain_tasks(const ExplainFacts& facts, const std::string& whose, Sentences& out) {
  if (facts.tasks.empty()) return;
  std::map<std::string, int> states;
  const StateRecord* longest = nullptr;
  for (const StateRecord& task : facts.tasks) {
    ++states[task.text("state")];
    if (longest == nullptr || task.number("seconds") > longest->number("seconds")) longest = &task;
  }
  Sentences parts;
  for (const auto& [state, count] : states)
    parts.push_back(std::to_string(count) + " " + (state == "arguments" ? "waiting for arguments" : state));
  out.push_back(whose + ": " + join_words(parts));
  const std::string why = longest->text("why");
  if (longest->has("seconds"))
    out.push_back("the longest, " + longest->text("function") + " (" + longest->text("id") + "), is " +
                  longest->text("state") + ", since " + time_words(*longest) + (why.empty() ? "" : ": " + why));
  else
    out.push_back("one is " + longest->text("function") + " (" + longest->text("id") + "), " + longest->text("state") +
                  (why.empty() ? "" : ": " + why));
  out.push_back("next: atoll explain " + longest->text("id"));
}

void explain_worker(const StateRecord& worker, const ExplainFacts& facts, Sentences& out) {
  const std::string state = worker.text("state");
  out.push_back("worker " + worker.text("id") +
                (worker.has("pid") ? ", process " + amount_words(worker.number("pid")) : "") + " on node " +
                worker.text("node") + ", is " + state + ": " + worker.text("work") +
                (worker.has("memory") ? ", with " + bytes_words(worker.number("memory")) + " of its own" : ""));
  if (worker.has("seconds")) out.push_back("it was started " + time_words(worker) + " ago");
  if (worker.has("owner")) out.push_back("it works for " + who_words(facts, worker.text("owner")));
  if (!worker.text("why").empty()) out.push_back(worker.text("why"));
  if (state == "unreachable")
    out.push_back("next: it is ended within a second if it does not end by itself, and its owner hears why");
  if (state == "waiting") out.push_back("its task waits for others, and lends its CPUs meanwhile");
  if (state == "starting" && worker.number("seconds") > 5)
    out.push_back(
        "next: after 30 s it is given up; what the program does before connect() takes that long: look at it with srun "
        "--overlap -w " +
        worker.text("node"));
  explain_tasks(facts, "tasks that were sent to it", out);
}

void explain_actor(const StateRecord& actor, const ExplainFacts& facts, Sentences& out) {
  const std::string state = actor.text("state"), why = actor.text("why");
  const std::string who = "actor " + actor.text("class") + name_words(actor) + " (" + actor.text("id") + ")";
  if (state == "dead") {
    out.push_back(who + " died " + time_words(actor) + " ago" + (why.empty() ? "" : ": " + why));
    const double allowed = actor.number("restarts_allowed");
    out.push_back("it was started " + times_words(actor.number("starts")) +
                  (allowed == 0  ? " and was not to be restarted"
                   : allowed < 0 ? " and might be restarted without limit"
                                 : " and might be restarted " + times_words(allowed)));
    return out.push_back(why.starts_with("needs ") || why.starts_with("it needs ")
                             ? "next: ask for less, or start the job with nodes that have it: atoll list nodes"
                             : "next: atoll logs " + actor.text("id") +
                                   " prints what it said; .restarts(n) has it restarted, .call_retries(n) its calls sent again");
  }
  if (state == "alive") {
    out.push_back(
        who + " has been alive for " + time_words(actor) + " on node " + actor.text("node") + ", in " +
        who_words(facts, actor.text("process")) +
        (actor.number("starts") > 1 ? ", after " + amount_words(actor.number("starts") - 1) + " restarts" : ""));
    return explain_tasks(facts, "calls to it that have not ended", out);
  }
  out.push_back(who + " has been " + state + " for " + time_words(actor) + (why.empty() ? "" : ": " + why));
  if (state == "starting") return out.push_back("next: atoll list workers --filter actor=" + actor.text("id"));
  if (actor.has("group")) return out.push_back("next: atoll explain " + actor.text("group"));
  out.push_back(
      "next: atoll list actors --filter state=alive and atoll list workers --filter state!=idle say who has what it "
      "needs (" +
      actor.text("needs") + ")");
}

void explain_queued(const StateRecord& task, const ExplainFacts& facts, Sentences& out) {
  if (task.has("group")) return out.push_back("next: atoll explain " + task.text("group"));
  for (const StateRecord& request : facts.requests) {
    if (request.text("needs") != task.text("needs")) continue;
    out.push_back("no node has room: " + request.text("why") +
                  (request.has("where") ? " (" + request.text("where") + ")" : ""));
    break;
  }
  out.push_back("next: atoll list workers --filter state!=idle says what has " + task.text("needs") +
                " now; ask for less, or wait for those to end");
}

void explain_task(const StateRecord& task, const ExplainFacts& facts, Sentences& out) {
  const std::string state = task.text("state"), why = task.text("why");
  const std::string who = (task.text("type") == "call" ? "call " : "task ") + task.text("function") + name_words(task) +
                          " (" + task.text("id") + ")";
  const std::string since = task.has("seconds") ? ", submitted " + time_words(task) + " ago," : "";
  if (state == "failed" || state == "cancelled") {
    out.push_back(who + (state == "failed" ? " failed " : " was cancelled ") + time_words(task) + " ago" +
                  (task.has("node") ? " on node " + task.text("node") : "") + (why.empty() ? "" : ": " + why));
    if (state == "failed") out.push_back("the kind of error: " + task.text("error"));
    return;
  }
  if (state == "arguments") {
    Sentences objects = task.list("waits_for");
    const std::size_t count = objects.size();
    if (objects.size() > 5) objects.resize(5);
    out.push_back(who + since + " waits for " + count_words(static_cast<int>(count), "argument") + ": " +
                  join_words(objects) + (count > 5 ? " ..." : ""));
    if (!objects.empty()) out.push_back("next: atoll explain " + objects.front());
    return;
  }
  if (state == "queued") {
    out.push_back(who + since + " waits for a worker" + (why.empty() ? "" : ": " + why));
    if (task.has("actor")) return out.push_back("next: atoll explain " + task.text("actor"));
    return explain_queued(task, facts, out);
  }
  out.push_back(who + since + " is " + state + (task.has("node") ? " on node " + task.text("node") : "") + ", in " +
                who_words(facts, task.text("process")));
  if (state == "sent") out.push_back("others that were sent there before it come first, or it has begun");
  if (state == "unreachable")
    out.push_back("its worker is out of reach; its node's daemon, or 3 s, decide what becomes of it");
  if (task.number("running") > kSlow)
    out.push_back("it runs for " + time_words(task, "running") + "; next: see what it does there: srun --overlap -w " +
                  task.text("node") + " with a debugger or py-spy, top, nvidia-smi");
}

void explain_group(const StateRecord& group, Sentences& out) {
  const std::string state = group.text("state"), why = group.text("why");
  out.push_back("placement group" + name_words(group) + " (" + group.text("id") + "), " + group.text("strategy") +
                ", " + group.text("needs") + ", is " + state + ": " + amount_words(group.number("placed")) + " of " +
                amount_words(group.number("bundles")) + " bundles have a place" +
                (group.list("nodes").empty() ? "" : " on " + join_words(group.list("nodes"))));
  if (!why.empty()) out.push_back(why);
  if (state == "infeasible")
    out.push_back(
        "next: ask for smaller bundles or a weaker strategy, or start the job with nodes that have it; atoll place "
        "plans without Slurm");
  if (state == "pending" || state == "rescheduling")
    out.push_back(
        "next: it is placed when others give back what it needs: atoll list groups, atoll list nodes --columns "
        "node,cpu_free,gpu_free");
}

void explain_job(const StateRecord& job, const ExplainFacts& facts, Sentences& out) {
  const std::string who =
      "driver " + amount_words(job.number("pid")) + " on " + job.text("host") + " (" + job.text("program") + ")";
  if (job.text("state") == "ended")
    return out.push_back(who + " has ended; its detached actors live: " + amount_words(job.number("actors")));
  out.push_back(who + " has been connected for " + time_words(job) + ", with " +
                count_words(static_cast<int>(job.number("actors")), "actor") + " and " +
                count_words(static_cast<int>(job.number("groups")), "placement group"));
  if (facts.tasks.empty())
    return out.push_back("it owns no task or call that has not ended: if it waits, then not for the cluster");
  explain_tasks(facts, "what it has submitted and has not ended", out);
}

}  // namespace

Sentences explain(const StateRecord& thing, const ExplainFacts& facts) {
  Sentences out;
  switch (thing.kind) {
    case StateKind::kNodes:
      explain_node(thing, out);
      break;
    case StateKind::kWorkers:
      explain_worker(thing, facts, out);
      break;
    case StateKind::kActors:
      explain_actor(thing, facts, out);
      break;
    case StateKind::kTasks:
      explain_task(thing, facts, out);
      break;
    case StateKind::kObjects:
      explain_object(thing, facts, out);
      break;
    case StateKind::kGroups:
      explain_group(thing, out);
      break;
    case StateKind::kJobs:
      explain_job(thing, facts, out);
      break;
    default:
      break;
  }
  return out;
}

}  // namespace Atoll
