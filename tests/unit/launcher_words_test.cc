// The small readers and writers of the launcher: what Slurm's commands print, and what people read.
#include <doctest/doctest.h>

#include "launcher/launched_cluster.h"
#include "launcher/site.h"
#include "launcher/status_text.h"
#include "launcher/step.h"
#include "runtime/base/words.h"

using namespace Atoll;
using Words = std::vector<std::string>;

TEST_CASE("srun's list of MPI plugins is read in the forms of several releases") {
  struct Row {
    const char* text;
    Words types;
  };
  const Row rows[] = {
      // 22.05, on stderr
      {"MPI plugin types are...\n\tpmix\n\tnone\n\tcray_shasta\n\tpmi2\nspecific pmix plugin versions available: "
       "pmix_v4\n",
       {"cray_shasta", "none", "pmi2", "pmix", "pmix_v4"}},
      {"MPI plugin types are...\n\tnone\n\tpmi2\n", {"none", "pmi2"}},
      {"srun: MPI types are...\nsrun: pmix_v3\nsrun: none\nsrun: pmix\n", {"none", "pmix", "pmix_v3"}},
      {"specific pmix plugin versions available: pmix_v4,pmix_v5\n", {"pmix_v4", "pmix_v5"}},
      {"srun: error: cannot find the controller\n", {}},
      {"", {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_mpi_list(row.text) == row.types);
  }
}

TEST_CASE("srun's complaint is its error line without the prefix") {
  CHECK(srun_complaint("srun: error: Unable to create step for job 7: Invalid account\n") ==
        "Unable to create step for job 7: Invalid account");
  CHECK(srun_complaint("srun: fatal: no controller \n") == "no controller");
  CHECK(srun_complaint("srun: Job step creation temporarily disabled, retrying\n") == "");
  CHECK(srun_complaint("hello srun: error: x\n") == "");
}

TEST_CASE("only the steps of this cluster are cancelled") {
  CHECK(steps_named("7.0 atoll-ab12\n7.1 bash\n7.batch batch\n7.2 atoll-ab13\n", "atoll-ab12") == Words{"7.0"});
  CHECK(steps_named("", "atoll-ab12").empty());
}

TEST_CASE("sizes and times are written for people") {
  CHECK(format_bytes(17) == "17 B");
  CHECK(format_bytes(4ull << 30) == "4 GiB");
  CHECK(format_bytes(1536) == "1.5 KiB");
  CHECK(format_bytes(500ull << 20) == "500 MiB");
  CHECK(format_seconds(0.4) == "0 s");
  CHECK(format_seconds(59.9) == "59 s");
  CHECK(format_seconds(185) == "3 min");
  CHECK(format_seconds(7500) == "2 h 5 min");
}

namespace {

StatusReport two_nodes() {
  StatusReport report;
  report.cluster = "ab12";
  report.head = {static_cast<ProcessId>(7), static_cast<NodeId>(0), "there"};
  report.head_node = "n1";
  report.head_pid = 4711;
  report.uptime = 65;
  report.expected_nodes = 2;
  NodeStatus alive;
  alive.node = static_cast<NodeId>(0);
  alive.state = NodeState::kAlive;
  alive.info.name = "n1";
  alive.info.total = {.cpu = Fixed::whole(8), .gpu = Fixed::whole(2), .memory = 4ull << 30};
  alive.info.gpus = {{0, "GPU-0", "H100", 1, {}}};
  alive.usage.free = {.cpu = Fixed::whole(6), .gpu = Fixed::raw(15'000), .memory = 3ull << 30};
  alive.usage.gpu_free = {Fixed::raw(5'000)};
  alive.usage.workers = 2;
  NodeStatus dead;
  dead.node = static_cast<NodeId>(1);
  dead.state = NodeState::kDead;
  dead.info.name = "n2";
  dead.changed_ago = 12;
  dead.cause = "silent for 2.5 s";
  report.nodes = {alive, dead};
  GroupStatus group{{static_cast<ProcessId>(9), 4}, "pool", GroupState::kRescheduling, 3, 2, {NodeId(0)}, "node n2 died"};
  report.groups = {group};
  return report;
}

}  // namespace

TEST_CASE("the status of a cluster is a table that says who died and why") {
  CHECK(status_to_text(two_nodes()) ==
        "cluster ab12: 1 of 2 nodes alive, up 1 min; head on n1, process 4711; 0 drivers, 0 requests waiting\n"
        "\n"
        "node  state  cpu used  gpu used  memory used    workers  actors\n"
        "n1    alive  2/8       0.5/2     1 GiB / 4 GiB  2        0\n"
        "n2    dead   -         -         -              -        -\n"
        "\n"
        "group               name  strategy       state         bundles  nodes\n"
        "0000000000000009-4  pool  STRICT_SPREAD  rescheduling  2        n1\n"
        "\n"
        "node n2 died 12 s ago: silent for 2.5 s\n"
        "group 0000000000000009-4 is rescheduling: node n2 died\n");
}

TEST_CASE("the status of a cluster has stable keys") {
  const std::string json = status_to_json(two_nodes());
  for (const char* part :
       {"\"cluster\": \"ab12\"", "\"head\": {", "\"state\": \"alive\"", "\"state\": \"dead\"", "\"uuid\": \"GPU-0\"",
        "\"free\": 0.5", "\"cause\": \"silent for 2.5 s\"", "\"deaths\": []", "\"strategy\": \"STRICT_SPREAD\"", "\"state\": \"rescheduling\"", "\"why\": \"node n2 died\""}) {
    CAPTURE(part);
    CHECK(json.find(part) != std::string::npos);
  }
}

TEST_CASE("the end of a task is told from a reason") {
  CHECK(is_end_of_task("n4: task 3: Killed"));
  CHECK(is_end_of_task("n[1-2]: tasks 0-1: Exited with exit code 1"));
  CHECK(!is_end_of_task("Task launch for StepId=1.0 failed on node n3: Communication connection failure"));
  CHECK(!is_end_of_task("Unable to create step for job 7: task count"));
}
