#include "launcher/plan.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace Atoll;
using Words = std::vector<std::string>;

namespace {

const Site kSite = {.srun = "/usr/bin/srun",
                    .salloc = "/usr/bin/salloc",
                    .atoll = "/opt/atoll/bin/atoll",
                    .daemon = "/opt/atoll/bin/atolld",
                    .mpi = {"none", "pmix"}};

const Environment kJob = {
    {"SLURM_JOB_ID", "42"}, {"SLURM_JOB_NODELIST", "n[1-3]"}, {"SLURM_NTASKS", "24"}, {"HOME", "/"}};

ClusterOptions options() {
  ClusterOptions options;
  options.name = "ab12";
  options.program = {"./prog", "it's"};
  return options;
}

bool has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Environment with(Environment environment, const std::string& name, const std::string& value) {
  environment[name] = value;
  return environment;
}

}  // namespace

TEST_CASE("inside a job srun starts one daemon a node and nothing else decides how") {
  const Result<LaunchPlan> plan = make_plan(options(), kJob, kSite);
  REQUIRE(plan.ok());
  CHECK(plan->kind == LaunchPlan::Kind::kStep);
  CHECK(plan->argv == Words{"/usr/bin/srun", "--overlap", "--no-kill", "--kill-on-bad-exit=0", "--wait=0", "-N", "3",
                            "-n", "3", "--ntasks-per-node=1", "--cpu-bind=none", "--gpu-bind=none", "--mpi=pmix",
                            "--export=ALL", "--input=all", "-J", "atoll-ab12", "/opt/atoll/bin/atolld"});
  CHECK(plan->set == Environment{{"ATOLL_NODES", "3"},
                                 {"ATOLL_WIREUP", "pmix"},
                                 {"ATOLL_CLUSTER", "ab12"},
                                 {"ATOLL_SESSION_NAME", "42-ab12"},
                                 {"ATOLL_SUMMARY", "10"}});
  CHECK(plan->unset == Words{"SLURM_NTASKS"});
  CHECK(plan->nodes == Words{"n1", "n2", "n3"});
  CHECK(plan->notices.empty());
}

TEST_CASE("the daemons are told what memory the job may use, and srun is not") {
  const Result<LaunchPlan> plan = make_plan(options(), with(kJob, "SLURM_MEM_PER_NODE", "1000"), kSite);
  REQUIRE(plan.ok());
  CHECK(plan->set.at("ATOLL_MEM_PER_NODE") == "1000");
  CHECK(has(plan->unset, "SLURM_MEM_PER_NODE"));
}

TEST_CASE("custom resources reach every daemon, also through salloc, and nonsense is refused") {
  ClusterOptions with_resources = options();
  with_resources.resources = "license=4,scratch=0.5";
  CHECK(make_plan(with_resources, kJob, kSite)->set.at("ATOLL_RESOURCES") == "license=4,scratch=0.5");
  with_resources.nodes = "2";
  CHECK(has(make_plan(with_resources, {}, kSite)->argv, "--resources=license=4,scratch=0.5"));
  with_resources.resources = "license";
  CHECK(make_plan(with_resources, kJob, kSite).status().message() ==
        "--resources: 'license' is no resource; write NAME=AMOUNT, e.g. license=4");
}

TEST_CASE("the daemons are told where logs are kept and how much of them, and whether to sum up, also through salloc") {
  ClusterOptions wanted = options();
  wanted.keep_logs = "logs-%j";
  wanted.log_bytes = 1000;
  wanted.summary = "on";
  const Result<LaunchPlan> plan = make_plan(wanted, with(kJob, "PWD", "/home/me"), kSite);
  REQUIRE(plan.ok());
  CHECK(plan->set.at("ATOLL_KEEP_LOGS") == "/home/me/logs-42");
  CHECK(plan->set.at("ATOLL_LOG_BYTES") == "1000");
  CHECK(plan->set.at("ATOLL_SUMMARY") == "0");
  wanted.keep_logs = "/scratch/%j/%j";
  CHECK(make_plan(wanted, kJob, kSite)->set.at("ATOLL_KEEP_LOGS") == "/scratch/42/42");
  wanted.quiet = true;
  CHECK_FALSE(make_plan(wanted, kJob, kSite)->set.contains("ATOLL_SUMMARY"));
  wanted.nodes = "2";
  wanted.log_dedup = "off";
  wanted.log_rate = "50";
  const Words outside = make_plan(wanted, {}, kSite)->argv;
  for (const char* word : {"--keep-logs=/scratch/%j/%j", "--log-bytes=1000", "--summary=on", "--log-dedup=off", "--log-rate=50"})
    CHECK_MESSAGE(has(outside, word), word);
}

TEST_CASE("a part of the job's nodes is named, so that ranks and nodes are known") {
  ClusterOptions some = options();
  some.nodes = "2";
  const Result<LaunchPlan> plan = make_plan(some, kJob, kSite);
  REQUIRE(plan.ok());
  CHECK(plan->nodes == Words{"n1", "n2"});
  CHECK(has(plan->argv, "--nodelist=n1,n2"));
  CHECK(plan->set.at("ATOLL_NODES") == "2");
}

TEST_CASE("without a PMIx plugin the daemons meet over stdio") {
  Site site = kSite;
  site.mpi = {"none", "pmi2"};
  const Result<LaunchPlan> plan = make_plan(options(), kJob, site);
  REQUIRE(plan.ok());
  CHECK(has(plan->argv, "--mpi=none"));
  CHECK(plan->set.at("ATOLL_WIREUP") == "stdio");
  CHECK(plan->notices.size() == 1);
}

TEST_CASE("ATOLL_WIREUP decides how the daemons meet") {
  const Result<LaunchPlan> stdio = make_plan(options(), with(kJob, "ATOLL_WIREUP", "stdio"), kSite);
  REQUIRE(stdio.ok());
  CHECK(stdio->wire_up_over_stdio);
  Site bare = kSite;
  bare.mpi.clear();
  const Result<LaunchPlan> pmix = make_plan(options(), with(kJob, "ATOLL_WIREUP", "pmix"), bare);
  REQUIRE(pmix.ok());
  CHECK(has(pmix->argv, "--mpi=pmix"));
  CHECK(make_plan(options(), with(kJob, "ATOLL_WIREUP", "tcp"), kSite).status().code() == Code::kInvalidArgument);
}

TEST_CASE("outside of a job node options become an salloc that starts atoll again") {
  ClusterOptions asks = options();
  asks.nodes = "2-4";
  asks.allocation = {"--gpus-per-node=8", "--time=10"};
  const Result<LaunchPlan> plan = make_plan(asks, {}, kSite);
  REQUIRE(plan.ok());
  CHECK(plan->kind == LaunchPlan::Kind::kSalloc);
  CHECK(plan->argv == Words{"/usr/bin/salloc", "--no-kill", "--nodes=2-4", "--gpus-per-node=8", "--time=10",
                            "/opt/atoll/bin/atoll", "run", "--name", "ab12", "--", "./prog", "it's"});
}

TEST_CASE("--local needs no Slurm") {
  ClusterOptions local = options();
  local.local = true;
  const Result<LaunchPlan> plan = make_plan(local, {}, {.atoll = "/b/atoll", .daemon = "/b/atolld"});
  REQUIRE(plan.ok());
  CHECK(plan->kind == LaunchPlan::Kind::kLocal);
  CHECK(plan->argv == Words{"/b/atolld"});
  CHECK(plan->set.at("ATOLL_WIREUP") == "stdio");
  CHECK(plan->set.at("ATOLL_NODES") == "1");
  CHECK(plan->set.at("ATOLL_SESSION_NAME") == "local-ab12");
}

TEST_CASE("what makes no sense is refused in one sentence") {
  struct Row {
    const char* what;
    ClusterOptions options;
    Environment environment;
    Site site;
    Code code;
    const char* says;
  };
  ClusterOptions plain = options(), four = options(), word = options(), elsewhere = options(), local_two = options(),
                 up = options();
  four.nodes = "4";
  word.nodes = "2-4";
  elsewhere.allocation = {"--partition=p"};
  local_two.local = true;
  local_two.nodes = "2";
  up.command = "up";
  up.nodes = "2";
  Site no_srun = kSite, no_salloc = kSite, no_daemon = kSite;
  no_srun.srun.clear();
  no_salloc.salloc.clear();
  no_daemon.daemon.clear();
  const Environment step = with(with(kJob, "SLURM_PROCID", "1"), "SLURM_STEP_NUM_TASKS", "4");
  const Row rows[] = {
      {"no job", plain, {}, kSite, Code::kInvalidArgument, "not inside a Slurm job"},
      {"too many nodes", four, kJob, kSite, Code::kInvalidArgument, "more than the 3 nodes of job 42"},
      {"a range inside a job", word, kJob, kSite, Code::kInvalidArgument, "must be a number"},
      {"an allocation inside a job", elsewhere, kJob, kSite, Code::kInvalidArgument, "--partition=p"},
      {"nodes of no Slurm", local_two, {}, kSite, Code::kInvalidArgument, "--local"},
      {"up in a new allocation", up, {}, kSite, Code::kInvalidArgument, "--foreground"},
      {"many launchers", plain, step, kSite, Code::kInvalidArgument, "started atoll 4 times"},
      {"no srun", plain, kJob, no_srun, Code::kUnavailable, "no srun"},
      {"no salloc", four, {}, no_salloc, Code::kUnavailable, "no salloc"},
      {"no daemon", plain, kJob, no_daemon, Code::kUnavailable, "ATOLL_DAEMON"},
      {"a broken node list", plain, with(kJob, "SLURM_JOB_NODELIST", "n[1-"), kSite, Code::kInvalidArgument,
       "SLURM_JOB_NODELIST"},
      {"no node list", plain, {{"SLURM_JOB_ID", "42"}}, kSite, Code::kUnavailable, "SLURM_JOB_NODELIST"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const Status status = make_plan(row.options, row.environment, row.site).status();
    CHECK(status.code() == row.code);
    CHECK(status.message().find(row.says) != std::string::npos);
    CHECK(status.message().find('\n') == std::string::npos);
  }
}

TEST_CASE("GPUs that the step would not inherit whole are asked for") {
  Site site = kSite;
  site.job_text = "   JOB_GRES=gpu:12\n     Nodes=n[1-3] CPU_IDs=0-3 Mem=4096 GRES=gpu:4(IDX:0-3)\n";
  const Result<LaunchPlan> even = make_plan(options(), kJob, site);
  REQUIRE(even.ok());
  CHECK(has(even->argv, "--gres=gpu:4"));
  CHECK(even->warnings.empty());
  site.job_text =
      "     Nodes=n[1-2] CPU_IDs=0-3 Mem=4096 GRES=gpu:4(IDX:0-3)\n     Nodes=n3 CPU_IDs=0 Mem=1 GRES=gpu:1(IDX:0)\n";
  const Result<LaunchPlan> uneven = make_plan(options(), kJob, site);
  REQUIRE(uneven.ok());
  CHECK(has(uneven->argv, "--gres=gpu:1"));
  REQUIRE(uneven->warnings.size() == 1);
  CHECK(uneven->warnings[0].find("n3 1") != std::string::npos);
}

TEST_CASE("a plan is printed as lines that a shell reads back") {
  LaunchPlan plan;
  plan.argv = {"/b/srun", "-J", "a b", "it's", ""};
  plan.unset = {"X", "Y"};
  plan.set = {{"A", "1"}, {"B", "$x"}};
  CHECK(plan_to_shell(plan) ==
        "unset X Y\nexport A=1 B='$x'\n# ATOLL_SECRET is made anew for each cluster and never shown\n"
        "/b/srun -J 'a b' 'it'\\''s' ''\n");
}

TEST_CASE("the head may be wanted on the last node or on one by name, which then is the first by rank") {
  const struct {
    const char *head, *task;
    Words nodes;
  } cases[] = {{"last", "2", {"n3", "n2", "n1"}}, {"n2", "1", {"n2", "n1", "n3"}}};
  for (const auto& [head, task, nodes] : cases) {
    ClusterOptions wanted = options();
    wanted.head = head;
    const Result<LaunchPlan> plan = make_plan(wanted, kJob, kSite);
    REQUIRE(plan.ok());
    CHECK(plan->set.at("ATOLL_HEAD_TASK") == task);
    CHECK(plan->nodes == nodes);
  }
  for (const char* head : {"first", "n1"}) {
    ClusterOptions wanted = options();
    wanted.head = head;
    const Result<LaunchPlan> plan = make_plan(wanted, kJob, kSite);
    REQUIRE(plan.ok());
    CHECK_FALSE(plan->set.contains("ATOLL_HEAD_TASK"));
    CHECK(plan->nodes == Words{"n1", "n2", "n3"});
  }
}

TEST_CASE("a head by name is among the nodes of a smaller cluster") {
  ClusterOptions wanted = options();
  wanted.nodes = "2";
  wanted.head = "n3";
  const Result<LaunchPlan> plan = make_plan(wanted, kJob, kSite);
  REQUIRE(plan.ok());
  CHECK(plan->nodes == Words{"n3", "n1"});
  CHECK(plan->argv[plan->argv.size() - 2] == "--nodelist=n1,n3");
  CHECK(plan->set.at("ATOLL_HEAD_TASK") == "1");
}

TEST_CASE("a head that is no node of the job is refused") {
  ClusterOptions wanted = options();
  wanted.head = "n9";
  CHECK(make_plan(wanted, kJob, kSite).status().message() ==
        "--head=n9 is not a node of job 42, nor first or last");
}

TEST_CASE("memory for objects, its watch, the log's level and the nodes' time limit are told to the daemons") {
  ClusterOptions wanted = options();
  wanted.object_memory = 1 << 20;
  wanted.spill_folder = "/scratch,/local";
  wanted.spill_limit = 1 << 30;
  wanted.memory_watch = "0.9";
  wanted.log_level = "debug";
  wanted.metrics = "127.0.0.1:9400";
  wanted.node_timeout = 30;
  const Result<LaunchPlan> plan = make_plan(wanted, kJob, kSite);
  REQUIRE(plan.ok());
  CHECK(plan->set.at("ATOLL_OBJECT_MEMORY") == "1048576");
  CHECK(plan->set.at("ATOLL_SPILL_FOLDER") == "/scratch,/local");
  CHECK(plan->set.at("ATOLL_SPILL_LIMIT") == "1073741824");
  CHECK(plan->set.at("ATOLL_MEMORY_WATCH") == "0.9");
  CHECK(plan->set.at("ATOLL_LOG_LEVEL") == "debug");
  CHECK(plan->set.at("ATOLL_METRICS") == "127.0.0.1:9400");
  CHECK(plan->set.at("ATOLL_NODE_TIMEOUT") == "30.000000");
}

TEST_CASE("the plugin starts a cluster from one of many tasks") {
  const Environment task = with(with(kJob, "SLURM_PROCID", "0"), "SLURM_STEP_NUM_TASKS", "8");
  CHECK_FALSE(make_plan(options(), task, kSite).ok());
  ClusterOptions wanted = options();
  wanted.lifeline = 3;
  CHECK(make_plan(wanted, task, kSite).ok());
}
