// atoll list: what is asked for, and how it is printed.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "launcher/into_job.h"
#include "launcher/state_table.h"
#include "runtime/state/cells.h"
#include "tests/support/builders.h"

namespace Atoll {
namespace {

using namespace testing;

ListRequest request_of(ListOptions options) {
  const Result<ListRequest> request = make_list_request(options);
  REQUIRE_MESSAGE(request.ok(), request.status().message());
  return *request;
}

std::string why(ListOptions options) {
  const Result<ListRequest> request = make_list_request(options);
  REQUIRE_FALSE(request.ok());
  CHECK(request.status().code() == Code::kInvalidArgument);
  return request.status().message();
}

Peers two_nodes() {
  Peers peers;
  peers.cluster = "reef";
  for (std::uint32_t rank = 0; rank < 2; ++rank)
    peers.nodes.push_back({contact_of(daemon_of(rank), NodeId(rank)), "n" + std::to_string(rank), true});
  return peers;
}

// The keys that the man page has for each kind.
std::map<std::string, std::vector<std::string>> documented_keys() {
  std::ifstream page("man/atoll-list.1");
  std::map<std::string, std::vector<std::string>> keys;
  std::string kind;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with(".SH ")) inside = line == ".SH KEYS";
    if (!inside) continue;
    if (line.starts_with(".SS ")) kind = line.substr(4);
    if (line != ".TP" || !std::getline(page, line)) continue;
    std::string key;
    for (const char letter : line.substr(line.find(' ')) + " ") {
      if (std::islower(static_cast<unsigned char>(letter)) || letter == '_') {
        key += letter;
      } else if (!key.empty()) {
        keys[kind].push_back(key);
        key.clear();
      }
    }
  }
  return keys;
}

}  // namespace

TEST_CASE("every key in the JSON is in atoll-list(1), and every key there is in the JSON") {
  const auto documented = documented_keys();
  REQUIRE(documented.size() == state_kinds().size());
  for (const StateKindInfo& info : state_kinds()) {
    CAPTURE(info.name);
    ListOptions options;
    options.kind = info.name;
    options.json = true;
    const ListRequest request = request_of(options);
    const StateTable table = make_table(request, two_nodes(), {StateRow{}});
    const nlohmann::json printed = nlohmann::json::parse(table_to_json(table, 2));
    CHECK(printed["kind"] == info.name);
    REQUIRE(printed["rows"].size() == 1);
    std::set<std::string> keys;
    for (const auto& [key, value] : printed["rows"][0].items()) keys.insert(key);
    const std::vector<std::string>& page = documented.at(info.name);
    CHECK(keys == std::set<std::string>(page.begin(), page.end()));
    CHECK(keys.size() == page.size());
    for (const char* key : {"total", "warnings"}) CHECK(printed.contains(key));
    CHECK(printed.contains("failed") == (info.kind == StateKind::kTasks));
  }
}

TEST_CASE("what was typed becomes a question") {
  ListOptions options{"tasks", {"state=failed", "seconds<1min"}, "-seconds", "id,why", 5, false};
  const ListRequest request = request_of(options);
  CHECK(request.question.kind == StateKind::kTasks);
  CHECK(request.question.columns == std::vector<std::string>{"id", "why", "seconds"});
  CHECK(request.shown.size() == 2);
  CHECK(request.question.filters.size() == 2);
  CHECK(request.question.sort == "seconds");
  CHECK(request.question.descending);
  CHECK(request.question.limit == 5);
  CHECK(request.chosen);
}

TEST_CASE("what makes no sense is refused in words") {
  CHECK(why({"fish", {}, "", "", 100, false}).find("\"fish\" cannot be listed") == 0);
  CHECK(why({"nodes", {"colour=red"}, "", "", 100, false}).find("--filter: nodes have no \"colour\"") == 0);
  CHECK(why({"nodes", {}, "colour", "", 100, false}).find("--sort: nodes have no \"colour\"") == 0);
  CHECK(why({"nodes", {}, "", "node,colour", 100, false}).find("--columns: nodes have no \"colour\"") == 0);
  CHECK(why({"nodes", {}, "", ",", 100, false}).find("--columns names none") == 0);
  CHECK(why({"nodes", {}, "", "", 0, false}).find("--limit is from 1 to 10000") == 0);
}

TEST_CASE("nodes in filters are by name, and so in answers") {
  ListRequest request = request_of({"objects", {"node=n1", "fetched_from!=n0"}, "", "node,fetched_from", 100, false});
  REQUIRE(resolve_nodes(two_nodes(), request.question).ok());
  CHECK(request.question.filters[0].number == 1);
  CHECK(request.question.filters[1].text == to_string(daemon_of(0)));
  request = request_of({"objects", {"node=n7"}, "", "", 100, false});
  CHECK(resolve_nodes(two_nodes(), request.question).message() == "no node is called \"n7\", but n0, n1");
}

TEST_CASE("rows of several answers are put in order and cut") {
  ListRequest request = request_of({"workers", {}, "-memory", "id,node", 3, false});
  std::vector<StateRow> rows;
  for (const double memory : {5.0, 1.0, 9.0, 7.0})
    rows.push_back({{cell_of("w" + std::to_string(int(memory))), cell_of(NodeId(0)), cell_of(memory)}});
  rows.push_back({{cell_of("none"), cell_of(NodeId(1)), StateCell()}});
  const StateTable table = make_table(request, two_nodes(), rows);
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[0].cells == std::vector<StateCell>{cell_of("w9"), cell_of("n0")});
  CHECK(table.rows[1].cells[0].text == "w7");
  CHECK(table.rows[2].cells[0].text == "w5");
}

namespace {

StateTable actors_table(const std::string& columns, std::vector<StateRow> rows) {
  ListRequest request = request_of({"actors", {}, "", columns, 100, false});
  StateTable table = make_table(request, two_nodes(), std::move(rows));
  table.total = table.rows.size();
  return table;
}

}  // namespace

TEST_CASE("a table has numbers to the right, sizes and times in words and ids that are short and differ") {
  const StateTable table = actors_table(
      "id,name,node,seconds,starts",
      {{{cell_of("4f1c09aa71b2e690-12"), cell_of("cache"), cell_of(NodeId(1)), cell_of(185.0), cell_of(1)}},
       {{cell_of("4f1c09aa88b2e690-7"), StateCell(), StateCell(), cell_of(2.54), cell_of(12)}}});
  CHECK(table_to_text(table, 80, true) ==
        "id            name   node  seconds  starts\n"
        "4f1c09aa7-12  cache  n1      3 min       1\n"
        "4f1c09aa8-7   -      -       2.5 s      12\n");
}

TEST_CASE("a table is no wider than the terminal: texts are cut, then columns left out, and that is said") {
  const std::string long_text(200, 'x');
  const StateTable table =
      actors_table("id,name,node,why",
                   {{{cell_of("4f1c09aa71b2e690-12"), cell_of("cache"), cell_of(NodeId(0)), cell_of(long_text)}}});
  const std::string text = table_to_text(table, 60, true);
  CHECK(text == "id         name   node  why\n4f1c09-12  cache  n0    " + std::string(34, 'x') + "..\n");
  const std::string narrow = table_to_text(table, 26, false);
  CHECK(narrow == "id         name   node\n4f1c09-12  cache  n0\n\nno room here for why: --columns, or --json\n");
}

TEST_CASE("an empty list says so, and one that was cut says of how many") {
  CHECK(table_to_text(actors_table("id", {}), 80, true) == "no actors\n");
  StateTable table = actors_table("name", {{{cell_of("a")}}});
  table.total = 17;
  CHECK(table_to_text(table, 80, true) == "name\na\n\n1 of 17 actors; --limit and --filter choose others\n");
}

TEST_CASE("control characters in names do not reach the terminal") {
  CHECK(table_to_text(actors_table("name", {{{cell_of("a\033[2J\nb")}}}), 80, true) == "name\na [2J b\n");
}

TEST_CASE("in JSON GPUs, links and places are objects, with null for what is not known") {
  using List = std::vector<std::string>;
  const auto row_of = [](const std::string& kind, const std::string& columns, std::vector<StateCell> cells) {
    const StateTable table = make_table(request_of({kind, {}, "", columns, 100, true}), two_nodes(), {{std::move(cells)}});
    return nlohmann::json::parse(table_to_json(table, -1))["rows"][0];
  };
  const nlohmann::json node = row_of("nodes", "gpus,links",
                                     {cell_of(List{"3 1 0 0.25 GPU-4f NVIDIA H100 80GB HBM3", "4 2 - - - -", "5"}),
                                      cell_of(List{"3 4 44.5"})});
  CHECK(node["gpus"][0] == nlohmann::json::parse(
                               R"({"index":3,"island":1,"numa":0,"free":0.25,"uuid":"GPU-4f","model":"NVIDIA H100 80GB HBM3"})"));
  CHECK(node["gpus"][1] ==
        nlohmann::json::parse(R"({"index":4,"island":2,"numa":null,"free":null,"uuid":null,"model":null})"));
  CHECK(node["gpus"][2]["index"] == 5);
  CHECK(node["links"][0] == nlohmann::json::parse(R"({"a":3,"b":4,"gbps":44.5})"));
  const nlohmann::json group = row_of("groups", "places", {cell_of(List{"0 n1 3,4", "1 n2 -", "2 - -"})});
  CHECK(group["places"][0] == nlohmann::json::parse(R"({"bundle":0,"node":"n1","gpus":[3,4]})"));
  CHECK(group["places"][1] == nlohmann::json::parse(R"({"bundle":1,"node":"n2","gpus":[]})"));
  CHECK(group["places"][2] == nlohmann::json::parse(R"({"bundle":2,"node":null,"gpus":[]})"));
}

TEST_CASE("in JSON numbers are numbers, flags booleans, and holders objects") {
  ListRequest request = request_of({"objects", {}, "", "bytes,dropped,holders,owner", 100, true});
  const StateTable table =
      make_table(request, two_nodes(),
                 {{{cell_of(8388608), cell_of(true), cell_of(std::vector<std::string>{"aa 2", "bb 1"}), StateCell()}}});
  const nlohmann::json row = nlohmann::json::parse(table_to_json(table, -1))["rows"][0];
  CHECK(row["bytes"] == 8388608);
  CHECK(row["bytes"].is_number_integer());
  CHECK(row["dropped"] == true);
  CHECK(row["holders"][0] == nlohmann::json({{"process", "aa"}, {"times", 2}}));
  CHECK(row["owner"].is_null());
}

TEST_CASE("--job runs the command on the first node of that job") {
  const Environment environment = {{"PATH", "/bin"},
                                   {"SLURM_JOB_ID", "7"},
                                   {"SLURM_CONF", "/etc/slurm.conf"},
                                   {"SLURM_MEM_PER_CPU", "100"},
                                   {"ATOLL_SESSION", "/tmp/x"},
                                   {"PMIX_RANK", "3"}};
  const Result<IntoJob> plan = plan_into_job("4711", {"list", "nodes", "--job", "4711", "--json"}, environment,
                                             "/usr/bin/srun", "/opt/atoll/bin/atoll", 132);
  REQUIRE(plan.ok());
  std::string line;
  for (const std::string& word : plan->argv) line += (line.empty() ? "" : " ") + word;
  CHECK(line ==
        "/usr/bin/srun --jobid=4711 --overlap --quiet -N 1 -n 1 --ntasks-per-node=1 --relative=0 --cpu-bind=none "
        "--gpu-bind=none "
        "--mpi=none --export=ALL --input=none --unbuffered -J atoll-look /opt/atoll/bin/atoll list nodes --json");
  CHECK(plan->environment == Environment{{"COLUMNS", "132"}, {"PATH", "/bin"}, {"SLURM_CONF", "/etc/slurm.conf"}});
  const Result<IntoJob> drawn = plan_into_job("4711", {"top"}, environment, "/usr/bin/srun", "atoll", 0, /*on_terminal=*/true);
  REQUIRE(drawn.ok());
  CHECK(std::ranges::count(drawn->argv, "--pty") == 1);
  CHECK(std::ranges::count(drawn->argv, "--input=none") == 0);
  const Result<IntoJob> other =
      plan_into_job("4711_3", {"explain", "--job=4711_3", "n2"}, {}, "/usr/bin/srun", "atoll", 0);
  REQUIRE(other.ok());
  CHECK(other->argv.back() == "n2");
  CHECK(other->argv[other->argv.size() - 2] == "explain");
  CHECK(plan_into_job("train", {}, {}, "/usr/bin/srun", "atoll", 0).status().code() == Code::kInvalidArgument);
  CHECK(plan_into_job("12", {}, {}, "", "atoll", 0).status().code() == Code::kUnavailable);
  CHECK(is_elsewhere("12", {{"SLURM_JOB_ID", "7"}}));
  CHECK_FALSE(is_elsewhere("7", {{"SLURM_JOB_ID", "7"}}));
  CHECK_FALSE(is_elsewhere("", {}));
}

}  // namespace Atoll
