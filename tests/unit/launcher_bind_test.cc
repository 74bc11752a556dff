// atoll bind: what it prints for people, scripts and the plugin.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "launcher/bind_text.h"
#include "launcher/commands.h"
#include "tests/support/command_run.h"
#include "topology/text.h"

namespace Atoll {
namespace {

constexpr const char* kPairs =
    "machine twins\nnuma 0 cpus 0-3\nnuma 2 cpus 4-7\n"
    "gpu 0 numa 0 uuid GPU-a nics mlx5_0\ngpu 1 numa 0 uuid GPU-b nics mlx5_0\n"
    "gpu 2 numa 2 uuid GPU-c nics mlx5_1,mlx5_2\ngpu 5 numa 2 uuid GPU-d\n"
    "link 0 1 nvlink lanes 4 gbps 100\nlink 2 5 nvlink lanes 4 gbps 100\n";

BindReport report_of(BindMode mode, std::vector<int> ranks, bool synthetic = false) {
  Machine machine = parse_machine(kPairs).value();
  machine.synthetic = synthetic;
  const TaskRequest request{mode, static_cast<int>(ranks.size()), {}, {}, {}};
  const auto binding = bind_tasks(machine, whole_machine(machine), request);
  REQUIRE_MESSAGE(binding.ok(), binding.status().message());
  return {machine.name, mode, std::move(ranks), *binding, ""};
}

using testing::Ran;

// Runs "atoll bind WORDS".
Ran run(std::vector<std::string> words) {
  words.insert(words.begin(), "bind");
  return testing::run_command(add_bind, words);
}

}  // namespace

TEST_CASE("the table has a line a task, with its node in the title") {
  CHECK(bind_to_text(report_of(BindMode::kIsland, {4, 9})) ==
        "twins: 2 tasks, island\n"
        "rank  task  GPUs  island  NUMA  CPUs  nearest NICs\n"
        "4     0     0,1   A       0     0-3   mlx5_0\n"
        "9     1     2,5   B       2     4-7   mlx5_1, mlx5_2\n");
  const std::string three = bind_to_text(report_of(BindMode::kPack, {0, 1, 2}, true));
  CHECK(
      three.ends_with("CPUs and memory stay as they are: a file describes this machine\n"
                      "note: 1 of 4 GPUs stays idle: 3 tasks cannot share them out evenly\n"));
  CHECK(bind_to_text({"twins", BindMode::kIsland, {0}, std::nullopt, "no island"}) ==
        "twins: nothing is bound: no island\n");
}

TEST_CASE("the JSON has every key, in order") {
  using nlohmann::ordered_json;
  CHECK(bind_to_json(report_of(BindMode::kSpread, {7})) == ordered_json::parse(R"({
    "node": "twins", "mode": "spread", "reason": null, "only_described": false,
    "tasks": [{"task": 0, "rank": 7, "gpus": [0, 1, 2, 5], "islands": [0, 1], "numa": [0, 2],
               "cpus": [0, 1, 2, 3, 4, 5, 6, 7], "nics": ["mlx5_0", "mlx5_1", "mlx5_2"],
               "environment": {"ATOLL_NET_DEVICES": "mlx5_0:1,mlx5_1:1,mlx5_2:1",
                               "ATOLL_NICS": "mlx5_0,mlx5_1,mlx5_2", "ATOLL_NUMA": "0,2",
                               "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
                               "CUDA_VISIBLE_DEVICES": "GPU-a,GPU-b,GPU-c,GPU-d",
                               "NCCL_IB_HCA": "=mlx5_0,mlx5_1,mlx5_2", "OMP_NUM_THREADS": "8",
                               "UCX_NET_DEVICES": "mlx5_0:1,mlx5_1:1,mlx5_2:1"}}],
    "notes": []})")
                                                                   .dump(2) +
                                                               "\n");
  CHECK(bind_to_json({"twins", BindMode::kIsland, {0}, std::nullopt, "no island"}) == ordered_json::parse(R"({
    "node": "twins", "mode": "island", "reason": "no island", "only_described": false, "tasks": [], "notes": []})")
                                                                                              .dump(2) +
                                                                                          "\n");
}

TEST_CASE("the plugin is told CPUs, memory and variables of each task") {
  CHECK(bind_for_plugin(*report_of(BindMode::kIsland, {4, 9}).binding).value() ==
        "atoll-bind 1\n"
        "task 0\ncpus 0-3\nmemory 0\n"
        "set ATOLL_NET_DEVICES=mlx5_0:1\nset ATOLL_NICS=mlx5_0\nset ATOLL_NUMA=0\nset CUDA_DEVICE_ORDER=PCI_BUS_ID\n"
        "set CUDA_VISIBLE_DEVICES=GPU-a,GPU-b\nset NCCL_IB_HCA==mlx5_0\nset OMP_NUM_THREADS=4\n"
        "set UCX_NET_DEVICES=mlx5_0:1\n"
        "task 1\ncpus 4-7\nmemory 2\n"
        "set ATOLL_NET_DEVICES=mlx5_1:1,mlx5_2:1\nset ATOLL_NICS=mlx5_1,mlx5_2\nset ATOLL_NUMA=2\n"
        "set CUDA_DEVICE_ORDER=PCI_BUS_ID\nset CUDA_VISIBLE_DEVICES=GPU-c,GPU-d\nset NCCL_IB_HCA==mlx5_1,mlx5_2\n"
        "set OMP_NUM_THREADS=4\nset UCX_NET_DEVICES=mlx5_1:1,mlx5_2:1\n"
        "end\n");
  CHECK(nothing_for_plugin() == "atoll-bind 1\nnothing\nend\n");
}

TEST_CASE("the plugin is told no CPUs and no memory of a machine that is only described") {
  const std::string text = bind_for_plugin(*report_of(BindMode::kIsland, {0, 1}, true).binding).value();
  CHECK(text.starts_with("atoll-bind 1\ntask 0\nset ATOLL_NET_DEVICES=mlx5_0:1\n"));
  CHECK(text.find("\ncpus ") == text.npos);
  CHECK(text.find("\nmemory ") == text.npos);
}

TEST_CASE("what the plugin could not read is not said") {
  NodeBinding binding = *report_of(BindMode::kPack, {0}).binding;
  binding.tasks[0].environment["ATOLL_NICS"] = "mlx5_0\nset PATH=/";
  CHECK(bind_for_plugin(binding).status().message() == "the value of ATOLL_NICS has a line's end");
  binding.tasks[0].environment["ATOLL_NICS"] = std::string(kMaxBindBytes, 'x');
  CHECK(bind_for_plugin(binding).status().message() == "the binding of 1 tasks takes more than 1 MiB to say");
}

TEST_CASE("ranks are read in their order") {
  CHECK(parse_ranks("").value().empty());
  CHECK(parse_ranks("8,0-2,70000").value() == std::vector<int>{8, 0, 1, 2, 70000});
  CHECK(parse_ranks("2147483646-2147483647").value().size() == 2);
  CHECK(parse_ranks("0-65535").value().size() == 65536);
  for (const char* text : {",", "1,", ",1", "a", "1-", "-1", "3-2", "1-2-3", "1 2", "2147483648", "1,,2"}) {
    CAPTURE(std::string(text));
    CHECK(parse_ranks(text).status().message() == "it takes numbers such as 0,8-11");
  }
  for (const char* text : {"0-65536", "1,0-65535", "0-2147483647"})
    CHECK(parse_ranks(text).status().message() == "it has more than 65536 numbers");
}

TEST_CASE("wrong usage of atoll bind ends with 2, a file that is none with 1") {
  const std::string file = "tests/topologies/hgx-h100.topo";
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"--tasks", "0"},
      {"--tasks", "65537"},
      {"--tasks", "x"},
      {"--tasks", "2", "--mode", "best"},
      {"--tasks", "2", "--ranks", "1"},
      {"--tasks", "2", "--ranks", "1-"},
      {"--tasks", "2", "--json", "--for-plugin"},
  };
  for (const auto& words : wrong) {
    const Ran ran = run(words);
    CHECK(ran.exit_code == kExitUsage);
    CHECK(ran.out.empty());
  }
  CHECK(run({"--tasks", "1", "--input", "/nonexistent"}).exit_code == kExitFailure);
  const Ran four = run({"--tasks", "4", "--input", file, "--mode", "spread", "--ranks", "4-7"});
  CHECK(four.exit_code == kExitOk);
  CHECK(four.out.starts_with("hgx-h100: 4 tasks, spread\n"));
}

TEST_CASE("the plugin is answered with nothing and 0 where it is unclear what is right") {
  const std::string file = "tests/topologies/no-gpu.topo";
  const std::vector<std::vector<std::string>> unclear = {
      {"--tasks", "2", "--mode", "island", "--input", file},
      {"--tasks", "2", "--input", "/nonexistent"},
      {"--tasks", "20000", "--input", "tests/topologies/hgx-h100.topo"},
      {"--tasks", "2", "--mode", "none"},
  };
  for (std::vector<std::string> words : unclear) {
    words.push_back("--for-plugin");
    const Ran ran = run(words);
    CHECK(ran.exit_code == kExitOk);
    CHECK(ran.out == nothing_for_plugin());
  }
  CHECK(run({"--tasks", "2", "--mode", "none"}).out == "this node: nothing is bound: the mode is none\n");
}

}  // namespace Atoll
