#include "runtime/wire/wireup.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/wire/stdio_wireup.h"

using namespace Atoll;

namespace {

struct Pipe {
  Fd read, write;
  Pipe() {
    int fds[2];
    REQUIRE(::pipe(fds) == 0);
    read.reset(fds[0]);
    write.reset(fds[1]);
  }
  void put(const std::string& bytes) const {
    REQUIRE(::write(write.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  std::string take() const {
    char bytes[8192];
    const ssize_t size = ::read(read.get(), bytes, sizeof bytes);
    return std::string(bytes, static_cast<std::size_t>(std::max<ssize_t>(0, size)));
  }
};

Card card_of_rank(int rank) {
  Card card{
      "n" + std::to_string(rank + 1), rank, {ProcessId(7), NodeId(static_cast<std::uint32_t>(rank)), "address"}, {}, 0};
  if (rank == 0) card.head = {ProcessId(8), NodeId(0), "head"};
  return card;
}

// A daemon's end of stdio, and the stages it reported.
struct Daemon {
  Pipe in, out;
  std::vector<std::string> stages;

  StdioWireUp channel(Environment environment, Duration deadline = std::chrono::seconds(60)) {
    return StdioWireUp(std::move(environment), [this](std::string_view stage) { stages.emplace_back(stage); },
                       {in.read.get(), out.write.get(), deadline});
  }
};

const Environment kRankOneOfTwo = {
    {"SLURM_JOB_ID", "7"}, {"SLURM_STEP_ID", "0"}, {"SLURM_PROCID", "1"}, {"ATOLL_NODES", "2"}};

}  // namespace

TEST_CASE("the task where the head is wanted and the first task have each other's rank") {
  const Environment head_on_2 = {{"ATOLL_HEAD_TASK", "2"}};
  const int ranks[] = {2, 1, 0, 3};
  for (int task = 0; task < 4; ++task) {
    CHECK(rank_of_task(head_on_2, task) == ranks[task]);
    CHECK(rank_of_task({}, task) == task);
    CHECK(rank_of_task({{"ATOLL_HEAD_TASK", "0"}}, task) == task);
  }
  CHECK(expected_wire_up({{"ATOLL_HEAD_TASK", "2"}, {"SLURM_PROCID", "2"}, {"ATOLL_NODES", "4"}}).rank == 0);
}

TEST_CASE("a daemon can tell from its environment who it will be") {
  CHECK(expected_wire_up({}) == WireUp{0, 1, "local"});
  CHECK(expected_wire_up(kRankOneOfTwo) == WireUp{1, 2, "slurm.7.0"});
  CHECK(expected_wire_up({{"PMIX_RANK", "3"},
                          {"SLURM_PROCID", "3"},
                          {"SLURM_STEP_NUM_TASKS", "4"},
                          {"PMIX_NAMESPACE", "slurm.pmix.7.0"}}) == WireUp{3, 4, "slurm.pmix.7.0"});
}

TEST_CASE("N tasks that PMIx calls N singletons are refused") {
  CHECK(check_one_world({{"ATOLL_NODES", "4"}}, 4).ok());
  CHECK(check_one_world({}, 1).ok());
  CHECK(check_one_world({{"ATOLL_NODES", "1"}, {"SLURM_STEP_NUM_TASKS", "4"}}, 1).ok());
  const Status alone = check_one_world({{"SLURM_STEP_NUM_TASKS", "4"}}, 1);
  CHECK(alone.code() == Code::kUnavailable);
  CHECK(alone.message().starts_with("Slurm gave each of 4 tasks its own PMIx world: "));
  CHECK(check_one_world({{"ATOLL_NODES", "4"}}, 3).message() == "the step should have 4 tasks, but PMIx knows of 3");
}

TEST_CASE("over stdio a daemon shows its card and takes rank 0's") {
  Daemon daemon;
  daemon.in.put(encode_command(CardCommand{encode_card(card_of_rank(0))}) + "{\"comm");
  StdioWireUp channel = daemon.channel(kRankOneOfTwo);
  const auto begun = channel.begin();
  REQUIRE(begun.ok());
  CHECK(*begun == WireUp{1, 2, "slurm.7.0"});
  const auto head = channel.exchange(card_of_rank(1));
  REQUIRE_MESSAGE(head.ok(), head.status().message());
  CHECK(*head == card_of_rank(0));
  CHECK(channel.unread() == "{\"comm");
  CHECK(daemon.stages == std::vector<std::string>{"card", "wait"});
  CHECK(EventReader().feed(daemon.out.take()).events ==
        std::vector<ControlEvent>{CardEvent{1, "n2", encode_card(card_of_rank(1))}});
}

TEST_CASE("over stdio rank 0 shows its card and does not wait") {
  Daemon daemon;
  StdioWireUp channel = daemon.channel({{"ATOLL_NODES", "2"}});
  REQUIRE(channel.begin().ok());
  const auto head = channel.exchange(card_of_rank(0));
  REQUIRE(head.ok());
  CHECK(*head == card_of_rank(0));
  CHECK(daemon.stages == std::vector<std::string>{"card"});
}

TEST_CASE("over stdio whatever is not rank 0's card is a failure that says so") {
  const struct {
    std::string sent;
    const char* why;
    Code code;
  } cases[] = {
      {encode_command(StopCommand()), "the launcher ended the cluster while it came up", Code::kAborted},
      {encode_command(CardCommand{encode_card(card_of_rank(1))}), "the card of rank 1 on n2 names no head",
       Code::kInvalidArgument},
      {encode_command(CardCommand{"x"}), "rank 0's card: not a node's card: no array", Code::kInvalidArgument},
      {"hello\n", "the launcher's command: not a JSON object", Code::kInvalidArgument},
      {"", "the launcher closed our stdin before it sent rank 0's card", Code::kUnavailable},
  };
  for (const auto& [sent, why, code] : cases) {
    Daemon daemon;
    daemon.in.put(sent);
    daemon.in.write.reset();
    const Status status = daemon.channel(kRankOneOfTwo).exchange(card_of_rank(1)).status();
    CHECK(status.message() == why);
    CHECK(status.code() == code);
  }
}

TEST_CASE("over stdio a silent launcher is given up on") {
  Daemon daemon;
  const Status status = daemon.channel(kRankOneOfTwo, Duration(0)).exchange(card_of_rank(1)).status();
  CHECK(status.code() == Code::kTimedOut);
}

TEST_CASE("over stdio a rank outside the step is refused") {
  Daemon daemon;
  CHECK(daemon.channel({{"SLURM_PROCID", "2"}, {"ATOLL_NODES", "2"}}).begin().status().message() ==
        "rank 2 in a step of 2 daemons: ATOLL_NODES and SLURM_PROCID disagree");
}
