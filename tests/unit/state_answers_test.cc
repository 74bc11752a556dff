// What the head, the node daemons and the owners of tasks and objects answer to those who look.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "runtime/state/columns.h"
#include "runtime/wire/location.h"
#include "tests/support/client_fixture.h"
#include "tests/support/head_fixture.h"
#include "tests/support/node_fixture.h"

namespace Atoll {
namespace {

using namespace testing;

constexpr ProcessId kLooker{0x777};
using Row = std::map<std::string, StateCell>;

GetState all_of(StateKind kind) {
  GetState question;
  question.request = 5;
  question.kind = kind;
  for (const StateColumn& column : info_of(kind).columns) question.columns.push_back(column.key);
  return question;
}

std::vector<Row> rows_of(StateKind kind, const StateReport& report) {
  CHECK(report.request == 5);
  CHECK(report.total == report.rows.size());
  std::vector<Row> rows;
  for (const StateRow& row : report.rows) {
    Row named;
    for (std::size_t i = 0; i < row.cells.size(); ++i) named[info_of(kind).columns[i].key] = row.cells[i];
    rows.push_back(std::move(named));
  }
  return rows;
}

// The keys of which no row knows anything.
std::set<std::string> unknown_in(StateKind kind, const std::vector<Row>& rows) {
  std::set<std::string> unknown;
  for (const StateColumn& column : info_of(kind).columns) unknown.insert(column.key);
  for (const Row& row : rows)
    for (const auto& [key, cell] : row)
      if (cell.kind != CellKind::kNone) unknown.erase(key);
  return unknown;
}

std::vector<Row> ask_head(HeadFixture& head, StateKind kind) {
  head.say(kLooker, all_of(kind));
  return rows_of(kind, head.mail.expect<StateReport>(kLooker));
}

const Row& row_with(const std::vector<Row>& rows, const std::string& key, const std::string& text) {
  for (const Row& row : rows)
    if (row.at(key).text == text) return row;
  FAIL("no row has " << key << " " << text);
  return rows.front();
}

bool has(const StateCell& cell, const std::string& words) { return cell.text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("the head lists nodes, with what a dead one died of") {
  ReadyHead head(3, 4, 2);
  head.lose(daemon_of(2), "connection reset");
  head.mail.drop_all();
  const std::vector<Row> rows = ask_head(head, StateKind::kNodes);
  REQUIRE(rows.size() == 3);
  CHECK(unknown_in(StateKind::kNodes, rows) == std::set<std::string>{"fabric"});
  CHECK(rows[0].at("state").text == "alive");
  CHECK(rows[0].at("cpu_free").number == 4);
  CHECK(rows[0].at("gpu").number == 2);
  CHECK(rows[2].at("state").text == "dead");
  CHECK(has(rows[2].at("cause"), "connection reset"));
  CHECK(rows[2].at("cpu_free") == StateCell());
}

TEST_CASE("the head lists what each node's object memory has on disk, and what went there and to other nodes") {
  ReadyHead head(1, 4);
  NodeUsage usage = idle_usage(head.infos[0], 100);
  usage.object_bytes = 1000;
  usage.object_bytes_used = 600;
  usage.bytes_fetched = 5;
  usage.bytes_sent = 6;
  usage.bytes_on_disk = 70;
  usage.bytes_spilled = 80;
  usage.bytes_restored = 9;
  head.say(daemon_of(0), Heartbeat{usage});
  head.mail.drop_all();
  const std::vector<Row> rows = ask_head(head, StateKind::kNodes);
  REQUIRE(rows.size() == 1);
  const std::map<std::string, double> expected = {{"object_memory", 1000}, {"object_memory_used", 600}, {"bytes_fetched", 5},
                                                  {"bytes_sent", 6}, {"bytes_on_disk", 70}, {"bytes_spilled", 80},
                                                  {"bytes_restored", 9}};
  for (const auto& [key, number] : expected) {
    CAPTURE(key);
    CHECK(rows[0].at(key).number == number);
  }
}

TEST_CASE("the head lists a node's GPUs by island, and the links that join them") {
  HeadFixture head(1);
  NodeInfo info = node_info(0, 8);
  add_board(info, 3);
  info.total.gpu = Fixed::whole(3);
  info.wires = {{0, 2, 44.5}, {2, 9, 1}, {-1, 0, 1}};  // of places that there are not: no links
  info.gpus[1].uuid = "";
  info.fabric = "f00.1";
  head.join(0, info);
  head.mail.drop_all();
  const std::vector<Row> rows = ask_head(head, StateKind::kNodes);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].at("gpus").list == std::vector<std::string>{
                                       "0 0 0 1 GPU-46100000-0000-4000-8000-000000000000 H100-SXM5-80GB",
                                       "1 1 0 1 - H100-SXM5-80GB",
                                       "2 0 0 1 GPU-46100000-0000-4000-8000-000000000002 H100-SXM5-80GB"});
  CHECK(rows[0].at("links").list == std::vector<std::string>{"0 2 44.5"});
  CHECK(rows[0].at("fabric").text == "f00.1");
}

TEST_CASE("the head lists actors: where they are, what they wait for, what they died of") {
  ReadyHead head(1, 4, 1);
  head.attach();
  ActorSpec named = actor_spec(1, gpus(1), 2, "cache");
  named.name_space = "reef";
  head.say(kDriver, create_actor(named));
  head.say(kDriver, create_actor(actor_spec(2, gpus(1))));
  head.say(kDriver, create_actor(actor_spec(3, gpus(8))));
  head.say(daemon_of(0), ActorStarted{{kDriver, 1}, 1, contact_of(ProcessId(0x9001), NodeId(0))});
  head.mail.drop_all();
  head.now += std::chrono::seconds(12);
  const std::vector<Row> rows = ask_head(head, StateKind::kActors);
  REQUIRE(rows.size() == 3);
  CHECK(unknown_in(StateKind::kActors, rows) == std::set<std::string>{"bundle", "group", "pid"});
  const Row& alive = row_with(rows, "name", "cache");
  CHECK(alive.at("state").text == "alive");
  CHECK(alive.at("node").number == 0);
  CHECK(alive.at("seconds").number == 12);
  CHECK(alive.at("restarts_allowed").number == 2);
  const Row& pending = row_with(rows, "state", "pending");
  CHECK_MESSAGE(has(pending.at("why"), "needs 1 gpu on one node; 1 node is busy and has no gpu free"),
                pending.at("why").text);
  const Row& dead = row_with(rows, "state", "dead");
  CHECK_MESSAGE(has(dead.at("why"), "needs 8 gpu"), dead.at("why").text);
}

TEST_CASE("the head lists groups, jobs and requests, with the reason why they wait") {
  ReadyHead head(2, 4);
  head.attach();
  GroupSpec spec = group_spec(3, cpus(3));
  spec.name = "pool";
  head.say(kDriver, create_group(spec));
  head.say(kDriver, create_actor(actor_spec(1, cpus(1))));
  head.say(kDriver, PlaceRequest{8, cpus(4), 3, {.spread = true, .node = "", .soft = false, .labels = {}}});
  head.mail.drop_all();
  const std::vector<Row> groups = ask_head(head, StateKind::kGroups);
  REQUIRE(groups.size() == 1);
  CHECK(unknown_in(StateKind::kGroups, groups) == std::set<std::string>{"segment"});
  CHECK(has(groups[0].at("needs"), "3 of 3 cpu"));
  CHECK(groups[0].at("places").list == std::vector<std::string>{"0 - -", "1 - -", "2 - -"});
  CHECK_MESSAGE(!groups[0].at("why").text.empty(), groups[0].at("state").text);
  const std::vector<Row> requests = ask_head(head, StateKind::kRequests);
  REQUIRE(requests.size() == 1);
  CHECK(unknown_in(StateKind::kRequests, requests).empty());
  CHECK(requests[0].at("count").number >= 1);
  CHECK(requests[0].at("where").text == "spread");
  CHECK(has(requests[0].at("why"), "needs 4 cpu"));
  const std::vector<Row> jobs = ask_head(head, StateKind::kJobs);
  REQUIRE(jobs.size() == 1);
  CHECK(unknown_in(StateKind::kJobs, jobs) == std::set<std::string>{"pid"});  // the test's driver does not say
  CHECK(jobs[0].at("actors").number == 1);
  CHECK(jobs[0].at("groups").number == 1);
  CHECK(jobs[0].at("requests").number == requests[0].at("count").number);
}

TEST_CASE("the head names all who can be asked, and the dead among them") {
  ReadyHead head(2, 4);
  head.attach();
  head.lose(daemon_of(1));
  head.mail.drop_all();
  head.say(kLooker, GetPeers{});
  const Peers peers = head.mail.expect<Peers>(kLooker);
  CHECK(peers.cluster == "reef");
  REQUIRE(peers.nodes.size() == 2);
  CHECK(peers.nodes[0].alive);
  CHECK_FALSE(peers.nodes[1].alive);
  CHECK(peers.nodes[1].name == "n1");
  REQUIRE(peers.drivers.size() == 1);
  CHECK(peers.drivers[0].driver == contact_of(kDriver));
  CHECK(peers.drivers[0].words == "driver 0 on n0");
}

TEST_CASE("a daemon lists its workers: what they are for, and whose they are") {
  JoinedNode node;
  node.lease(1, gpus(1));
  node.say(kHead, StartActor{actor_spec(7, cpus(1)), 1, 0});
  const ProcessId actor = node.expect_start().worker;
  node.ready(actor);
  node.lose(actor, "broken pipe");
  node.mail.drop_all();
  node.now += std::chrono::seconds(3);
  node.say(kLooker, all_of(StateKind::kWorkers));
  const std::vector<Row> rows = rows_of(StateKind::kWorkers, node.mail.expect<StateReport>(kLooker));
  REQUIRE(rows.size() == 2);
  CHECK(unknown_in(StateKind::kWorkers, rows) == std::set<std::string>{"bundle", "cpu_seconds", "group", "idle", "memory"});
  const Row& leased = row_with(rows, "state", "working");
  CHECK(leased.at("owner").text == to_string(kDriver));
  CHECK(leased.at("gpus").list.size() == 1);
  CHECK(leased.at("pid").number == 4711);
  CHECK(leased.at("seconds").number == 3);
  const Row& lost = row_with(rows, "state", "unreachable");
  CHECK(lost.at("actor").text == to_string(ActorId{kDriver, 7}));
  CHECK(has(lost.at("why"), "broken pipe"));
}

TEST_CASE("a daemon passes what its workers know on to them, and answers with what they say") {
  JoinedNode node;
  const ProcessId worker = node.lease(1, cpus(1)).worker.process, silent = node.lease(2, cpus(1)).worker.process;
  node.mail.drop_all();
  node.say(kLooker, all_of(StateKind::kTasks));
  const GetState passed_on = node.mail.expect<GetState>(worker);
  CHECK(node.mail.expect<GetState>(silent).request == passed_on.request);
  CHECK(passed_on.columns == all_of(StateKind::kTasks).columns);
  node.mail.expect_nothing_else();
  StateReport answer;
  answer.request = passed_on.request;
  answer.total = 3;
  node.say(ProcessId(0x666), answer);  // nobody's worker
  node.say(worker, answer);
  node.mail.expect_nothing_else();
  node.pass(std::chrono::milliseconds(500));
  const StateReport back = node.mail.expect<StateReport>(kLooker);
  CHECK(back.request == 5);
  CHECK(back.total == 3);
  CHECK(back.silent == std::vector<std::string>{"worker 4711 on n0"});
  node.mail.expect_nothing_else();
}

TEST_CASE("a daemon lists the copies in object memory: whose they are and who holds them") {
  ObjectStore store({std::uint64_t{1} << 20, "n0", daemon_of(0)});
  ObjectOutbox out;
  constexpr ProcessId kReader{0x300};
  store.handle(Time(), kDriver, MakeRoom{1, ObjectId{kDriver, 5}, kDriver, 100'000}, out);
  store.handle(Time(), kDriver, SealCopy{1}, out);
  store.handle(Time(), kReader, HoldCopy{2, 1}, out);
  store.handle(Time(), kReader, HoldCopy{3, 1}, out);
  store.handle(Time(), kDriver, LetGo{{1}}, out);
  store.handle(Time(), kDriver, DropCopies{{1}}, out);
  store.handle(Time(), daemon_of(0), MakeRoom{4, ObjectId(), daemon_of(0), 200'000}, out);
  const GetState question = all_of(StateKind::kObjects);
  StateRows wanted(question);
  store.name(2, ObjectId{kDriver, 9});
  store.list(NodeId(0), {{2, {daemon_of(1), 12}}}, wanted);
  StateReport report;
  wanted.finish(report);
  const std::vector<Row> rows = rows_of(StateKind::kObjects, report);
  REQUIRE(rows.size() == 2);
  CHECK(unknown_in(StateKind::kObjects, rows).empty());
  const Row& dropped = row_with(rows, "state", "dropped");
  CHECK(dropped.at("id").text == to_string(ObjectId{kDriver, 5}));
  CHECK(dropped.at("owner").text == to_string(kDriver));
  CHECK(dropped.at("holders").list == std::vector<std::string>{to_string(kReader) + " 2"});
  CHECK(dropped.at("holds").number == 2);
  CHECK(dropped.at("bytes").number == 100'000);
  const Row& fetched = row_with(rows, "state", "fetched");
  CHECK(fetched.at("fetched_from").text == to_string(daemon_of(1)));
  CHECK(fetched.at("source_copy").number == 12);
  CHECK(fetched.at("id").text == to_string(ObjectId{kDriver, 9}));
  CHECK(fetched.at("owner").text == to_string(kDriver));
  CHECK(fetched.at("maker") == StateCell());
}

namespace {

std::vector<Row> ask_client(Client& client, StateKind kind, StateReport* report = nullptr) {
  client.say(kLooker, all_of(kind));
  StateReport answer = client.mail.expect<StateReport>(kLooker);
  if (report != nullptr) *report = answer;
  return rows_of(kind, answer);
}

}  // namespace

TEST_CASE("an owner lists its tasks: those that wait, for what, and those that run, where") {
  Client client;
  const TaskId first = client.submit(3);
  client.run();
  const TaskId second = client.submit(3);
  client.submit(3, {{nullptr, result_of(first), contact_of(kDriver), nullptr}});
  client.mail.drop_all();
  client.now += std::chrono::seconds(4);
  const std::vector<Row> rows = ask_client(client, StateKind::kTasks);
  REQUIRE(rows.size() == 3);
  const Row& running = row_with(rows, "state", "running");
  CHECK(running.at("id").text == to_string(first));
  CHECK(running.at("node").number == 0);
  CHECK(running.at("seconds").number == 4);
  CHECK(running.at("running").number == 4);
  CHECK(running.at("function").text == "f");
  const Row& queued = row_with(rows, "state", "queued");
  CHECK(queued.at("id").text == to_string(second));
  CHECK_MESSAGE(queued.at("why").text == "nodes were asked for 1 worker; 1 worker runs tasks like it",
                queued.at("why").text);
  const Row& waits = row_with(rows, "state", "arguments");
  CHECK(waits.at("waits_for").list == std::vector<std::string>{to_string(result_of(first))});
  CHECK(waits.at("retries_left").number == 3);
}

TEST_CASE("an owner counts what ended and remembers what failed, the latest first") {
  Client client;
  const TaskId good = client.submit(0);
  const ProcessId worker = client.run().worker.process;
  client.done(worker, good);
  std::vector<TaskId> bad;
  for (std::size_t i = 0; i < FailureLog::kKept + 2; ++i) {
    bad.push_back(client.submit(0));
    ErrorInfo error = error_info(ErrorKind::kTaskFailed, "bad luck " + std::to_string(i));
    error.function = "f";
    error.node = "n0";
    error.pid = 4711;
    client.say(worker, TaskDone{bad.back(), "", error, 1'000'000});
  }
  client.mail.drop_all();
  client.now += std::chrono::seconds(9);
  GetState question = all_of(StateKind::kTasks);
  question.limit = 3;
  client.say(kLooker, question);
  const StateReport report = client.mail.expect<StateReport>(kLooker);
  CHECK(report.finished == 1);
  CHECK(report.failed == FailureLog::kKept + 2);
  CHECK(report.total == FailureLog::kKept);
  REQUIRE(report.rows.size() == 3);
  StateReport alone = report;
  alone.total = 3;
  const std::vector<Row> rows = rows_of(StateKind::kTasks, alone);
  CHECK(rows[0].at("id").text == to_string(bad.back()));
  CHECK(rows[0].at("state").text == "failed");
  CHECK(rows[0].at("error").text == "task failed");
  CHECK(rows[0].at("why").text == "bad luck 1001");
  CHECK(rows[0].at("seconds").number == 9);
  CHECK(rows[0].at("node").text == "n0");
  CHECK(rows[0].at("pid").number == 4711);
}

TEST_CASE("of an error's words no more than a page is remembered") {
  FailureLog log;
  log.note(Time(), {kDriver, 1}, error_info(ErrorKind::kTaskFailed, std::string(1 << 20, 'x')));
  CHECK(log.all().front().error->message.size() < 1100);
  log.note(Time(), {kDriver, 2}, error_info(ErrorKind::kTaskFailed, "short"));
  CHECK(log.all().back().error->message == "short");
}

TEST_CASE("an owner lists calls to actors that wait for it, with the reason") {
  Client client;
  const ActorId actor{kDriver, 50};
  client.call(actor);
  ActorUpdate update;
  update.actor = actor;
  client.say(kHead, update);
  client.mail.drop_all();
  const std::vector<Row> rows = ask_client(client, StateKind::kTasks);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].at("type").text == "call");
  CHECK(rows[0].at("actor").text == to_string(actor));
  CHECK(rows[0].at("state").text == "queued");
  CHECK(rows[0].at("why").text == "its actor is pending");
}

TEST_CASE("a process lists the objects that it owns and has borrowed") {
  Client client;
  const ObjectId small{kDriver, 100}, large{kDriver, 101}, borrowed{kLooker, 7};
  client.core.put(client.now, small, std::make_shared<const std::string>("abc"), client.out);
  client.core.put(client.now, large, std::make_shared<const std::string>(encode_location({kAway, 12, 1 << 20})),
                  client.out);
  client.core.borrow(borrowed, contact_of(kLooker), client.out);
  client.say(kLooker, BorrowObjects{1, NodeId(1), {large}, false});
  client.take();
  client.mail.drop_all();
  const std::vector<Row> rows = ask_client(client, StateKind::kRefs);
  REQUIRE(rows.size() == 3);
  CHECK(unknown_in(StateKind::kRefs, rows) == std::set<std::string>{"why"});
  const Row& memory = row_with(rows, "kept", "object memory");
  CHECK(memory.at("bytes").number == 1 << 20);
  CHECK(memory.at("node").number == 1);
  CHECK(memory.at("copy").number == 12);
  CHECK(memory.at("borrowers").list == std::vector{to_string(kLooker)});
  CHECK(row_with(rows, "kept", "process").at("borrowers").list.empty());
  CHECK(row_with(rows, "kept", "process").at("bytes").number == 3);
  const Row& pending = row_with(rows, "state", "pending");
  CHECK(pending.at("owner").text == to_string(kLooker));
  CHECK(pending.at("process").text == to_string(kDriver));
  CHECK(pending.at("in_use").number == 1);
  CHECK(pending.at("borrowers") == StateCell());
}

}  // namespace Atoll
