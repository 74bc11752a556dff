// atoll explain: what is said of things that are not well.
#include <doctest/doctest.h>

#include <algorithm>

#include "launcher/explain_text.h"
#include "runtime/state/cells.h"

namespace Atoll {
namespace {

StateRecord record_of(StateKind kind, std::map<std::string, StateCell> cells) { return {kind, std::move(cells)}; }

bool any_says(const std::vector<std::string>& sentences, const std::string& words) {
  return std::ranges::any_of(
      sentences, [&words](const std::string& sentence) { return sentence.find(words) != std::string::npos; });
}

std::string joined(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += sentence + "\n";
  return text;
}

void check_says(const std::vector<std::string>& sentences, std::initializer_list<const char*> all) {
  for (const char* words : all)
    CHECK_MESSAGE(any_says(sentences, words), "\"" << words << "\" is not in:\n" << joined(sentences));
}

ExplainFacts facts() {
  ExplainFacts known;
  known.processes = {{"aa", "driver 4711 on n1"}, {"bb", "worker 5000 on n2 (actor Keeper)"}};
  return known;
}

}  // namespace

TEST_CASE("a node that says nothing is explained by its silence, a dead one by its cause") {
  check_says(explain(record_of(StateKind::kNodes, {{"node", cell_of("n2")},
                                                   {"state", cell_of("alive")},
                                                   {"seconds", cell_of(300.0)},
                                                   {"silent", cell_of(2.1)}}),
                     {}),
             {"node n2 has been alive for 5 min", "said nothing for 2.1 s", "next: it counts as dead"});
  check_says(explain(record_of(StateKind::kNodes, {{"node", cell_of("n2")},
                                                   {"state", cell_of("dead")},
                                                   {"seconds", cell_of(40.0)},
                                                   {"cause", cell_of("its daemon is gone")}}),
                     {}),
             {"node n2 died 40 s ago: its daemon is gone", "next: "});
}

TEST_CASE("an actor that waits says for what, in the head's counts") {
  check_says(
      explain(record_of(StateKind::kActors, {{"id", cell_of("aa-5")},
                                             {"class", cell_of("Sum")},
                                             {"name", cell_of("cache")},
                                             {"state", cell_of("pending")},
                                             {"seconds", cell_of(12.0)},
                                             {"needs", cell_of("1 gpu")},
                                             {"why", cell_of("needs 1 gpu on one node; 2 nodes are busy")}}),
              {}),
      {"actor Sum 'cache' (aa-5) has been pending for 12 s: needs 1 gpu on one node; 2 nodes are busy", "next: "});
}

TEST_CASE("a dead actor says when and of what, and what would have helped") {
  const std::vector<std::string> sentences =
      explain(record_of(StateKind::kActors, {{"id", cell_of("aa-5")},
                                             {"class", cell_of("Sum")},
                                             {"state", cell_of("dead")},
                                             {"seconds", cell_of(90.0)},
                                             {"starts", cell_of(2)},
                                             {"restarts_allowed", cell_of(1)},
                                             {"why", cell_of("its process 7 on n1 killed by signal 9")}}),
              {});
  check_says(sentences, {"died 1 min ago: its process 7 on n1 killed by signal 9",
                         "started 2 times and might be restarted once", "next: "});
}

TEST_CASE("an object that does not go away says who holds it, how often, and that its owner dropped it") {
  const StateRecord object = record_of(StateKind::kObjects, {{"id", cell_of("aa-7")},
                                                             {"bytes", cell_of(8 << 20)},
                                                             {"node", cell_of("n2")},
                                                             {"state", cell_of("dropped")},
                                                             {"dropped", cell_of(true)},
                                                             {"owner", cell_of("aa")},
                                                             {"holders", cell_of(std::vector<std::string>{"bb 2"})}});
  check_says(explain(object, facts()),
             {"object aa-7 of 8 MiB lies in the object memory of node n2", "driver 4711 on n1 has dropped it",
              "held by worker 5000 on n2 (actor Keeper) 2 times", "next: end what holds it"});
}

TEST_CASE("a spilled object says where it is, and who borrows it though that process does not answer") {
  const StateRecord object = record_of(StateKind::kObjects, {{"id", cell_of("aa-7")},
                                                             {"bytes", cell_of(8 << 20)},
                                                             {"node", cell_of("n2")},
                                                             {"state", cell_of("spilled")},
                                                             {"owner", cell_of("aa")}});
  ExplainFacts known = facts();
  known.refs = {record_of(StateKind::kRefs, {{"id", cell_of("aa-7")},
                                             {"process", cell_of("aa")},
                                             {"owner", cell_of("aa")},
                                             {"borrowers", cell_of(std::vector<std::string>{"bb"})}})};
  check_says(explain(object, known), {"object memory of node n2, on the disk: it is read back",
                                      "worker 5000 on n2 (actor Keeper) borrows it: so its owner has it"});
  known.refs.push_back(record_of(StateKind::kRefs, {{"id", cell_of("aa-7")}, {"process", cell_of("bb")}, {"owner", cell_of("aa")}}));
  for (const std::string& sentence : explain(object, known)) CHECK(sentence.find("did not answer") == std::string::npos);
}

TEST_CASE("an object that its owner refers to says so, and which calls take it") {
  ExplainFacts known = facts();
  known.refs = {record_of(StateKind::kRefs, {{"id", cell_of("aa-7")},
                                             {"process", cell_of("aa")},
                                             {"owner", cell_of("aa")},
                                             {"state", cell_of("ready")},
                                             {"kept", cell_of("process")},
                                             {"bytes", cell_of(12)},
                                             {"in_use", cell_of(true)},
                                             {"arguments", cell_of(3)}})};
  check_says(explain_ref("aa-7", known),
             {"object aa-7 of 12 B is kept by the processes that refer to it", "driver 4711 on n1 has a Ref to it",
              "argument of 3 tasks or calls", "next: let the Ref go in its owner"});
  known.refs[0].cells["state"] = cell_of("pending");
  check_says(explain_ref("aa-7", known), {"is not there yet"});
  known.refs[0].cells["state"] = cell_of("ready");
  known.refs[0].cells["kept"] = cell_of("node");
  known.refs[0].cells["node"] = cell_of("n2");
  check_says(explain_ref("aa-7", known), {"is kept in the object memory of node n2"});
  known.dead_nodes = {"n2"};
  check_says(explain_ref("aa-7", known), {"was in the object memory of node n2, which is dead", "has its task run again"});
}

TEST_CASE("a task that is queued says what the head knows of its room") {
  ExplainFacts known = facts();
  known.requests = {record_of(StateKind::kRequests, {{"needs", cell_of("4 gpu")},
                                                     {"why", cell_of("needs 4 gpu on one node; 3 nodes are busy")}})};
  const StateRecord task = record_of(StateKind::kTasks, {{"id", cell_of("aa-9")},
                                                         {"type", cell_of("task")},
                                                         {"function", cell_of("train")},
                                                         {"state", cell_of("queued")},
                                                         {"seconds", cell_of(75.0)},
                                                         {"needs", cell_of("4 gpu")},
                                                         {"why", cell_of("the head looks for room for 1 worker")}});
  check_says(explain(task, known),
             {"task train (aa-9), submitted 1 min ago, waits for a worker: the head looks for room",
              "no node has room: needs 4 gpu", "next: "});
}

TEST_CASE("a task that waits for arguments leads to the first of them, and one that failed to its cause") {
  const StateRecord waits =
      record_of(StateKind::kTasks, {{"id", cell_of("aa-9")},
                                    {"function", cell_of("train")},
                                    {"state", cell_of("arguments")},
                                    {"waits_for", cell_of(std::vector<std::string>{"aa-3", "aa-4"})}});
  check_says(explain(waits, facts()), {"waits for 2 arguments: aa-3 and aa-4", "next: atoll explain aa-3"});
  const StateRecord failed = record_of(StateKind::kTasks, {{"id", cell_of("aa-9")},
                                                           {"function", cell_of("train")},
                                                           {"state", cell_of("failed")},
                                                           {"node", cell_of("n2")},
                                                           {"seconds", cell_of(5.0)},
                                                           {"error", cell_of("worker died")},
                                                           {"why", cell_of("killed by signal 9")}});
  check_says(explain(failed, facts()),
             {"task train (aa-9) failed 5 s ago on node n2: killed by signal 9", "worker died"});
}

TEST_CASE("a driver that waits says for how many tasks, and which takes longest") {
  ExplainFacts known = facts();
  known.tasks = {record_of(StateKind::kTasks, {{"id", cell_of("aa-1")},
                                               {"function", cell_of("a")},
                                               {"state", cell_of("running")},
                                               {"seconds", cell_of(5.0)}}),
                 record_of(StateKind::kTasks, {{"id", cell_of("aa-2")},
                                               {"function", cell_of("b")},
                                               {"state", cell_of("queued")},
                                               {"seconds", cell_of(65.0)},
                                               {"why", cell_of("all busy")}})};
  const StateRecord job = record_of(StateKind::kJobs, {{"id", cell_of("aa")},
                                                       {"state", cell_of("running")},
                                                       {"host", cell_of("n1")},
                                                       {"pid", cell_of(4711)},
                                                       {"program", cell_of("/p")},
                                                       {"seconds", cell_of(70.0)}});
  check_says(explain(job, known), {"1 queued and 1 running", "the longest, b (aa-2), is queued, since 1 min: all busy",
                                   "next: atoll explain aa-2"});
  known.tasks.clear();
  check_says(explain(job, known), {"it owns no task or call that has not ended"});
}

TEST_CASE("a group that waits says why and how many of its bundles have a place") {
  check_says(explain(record_of(StateKind::kGroups, {{"id", cell_of("aa-4")},
                                                    {"name", cell_of("pool")},
                                                    {"strategy", cell_of("STRICT_PACK")},
                                                    {"state", cell_of("pending")},
                                                    {"bundles", cell_of(8)},
                                                    {"placed", cell_of(0)},
                                                    {"needs", cell_of("8 of 1 gpu")},
                                                    {"why", cell_of("needs 8 GPUs in one island")}}),
                     {}),
             {"placement group 'pool' (aa-4), STRICT_PACK, 8 of 1 gpu, is pending: 0 of 8 bundles have a place",
              "needs 8 GPUs in one island", "next: "});
}

}  // namespace Atoll
