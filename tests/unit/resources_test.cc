#include "runtime/base/resources.h"

#include <doctest/doctest.h>

#include <set>
#include <unordered_set>

#include "runtime/base/ids.h"
#include "runtime/scheduler/node_resources.h"
#include "tests/support/aborts.h"

namespace Atoll {
namespace {

Fixed fixed(double amount) { return *Fixed::from_double(amount); }

NodeResources node_with(std::vector<double> parts) {
  NodeResources node;
  for (const double part : parts) {
    node.gpus.push_back(fixed(part));
    node.amounts.gpu += fixed(part);
  }
  return node;
}

}  // namespace

TEST_CASE("resources are printed for people") {
  CHECK(to_string(Resources()) == "nothing");
  CHECK(
      to_string(Resources{
          .cpu = Fixed::whole(2), .gpu = fixed(0.5), .memory = 4ULL << 30, .custom = {{"license", Fixed::whole(1)}}}) ==
      "2 cpu, 0.5 gpu, 4 GiB memory, 1 license");
}

TEST_CASE("an id says who made it and which of its things it is") {
  const ActorId id{ProcessId(0x4f1c09aa71b2e690), 12};
  CHECK(to_string(id) == "4f1c09aa71b2e690-12");
  CHECK(ActorId().is_none());
  CHECK_FALSE(id.is_none());
}

TEST_CASE("ids are ordered by maker and then by age, and hash by both") {
  const TaskId a1{ProcessId(1), 1}, a2{ProcessId(1), 2}, b1{ProcessId(2), 1};
  CHECK(std::set<TaskId>{b1, a2, a1} == std::set<TaskId>{a1, a2, b1});
  CHECK(a1 < a2);
  CHECK(a2 < b1);
  CHECK(std::unordered_set<TaskId>{a1, a2, b1, a1}.size() == 3);
}

TEST_CASE("a thousand random process ids differ and none is nobody") {
  std::set<ProcessId> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(random_process_id());
  CHECK(ids.size() == 1000);
  CHECK_FALSE(ids.contains(ProcessId::kNone));
}

TEST_CASE("a node's GPUs have parts of 0 to 1 that sum to its amount") {
  CHECK(check_node({}).ok());
  CHECK(check_node(node_of({.cpu = Fixed::whole(8), .gpu = Fixed::whole(8)})).ok());
  CHECK(check_node(node_with({0.5, 1, 0})).ok());
  NodeResources wrong_sum = node_with({1, 1});
  wrong_sum.amounts.gpu = Fixed::whole(3);
  CHECK(check_node(wrong_sum).message() == "a node says 3 gpu, its GPUs sum to 2");
  CHECK(check_node(node_with({1.5})).code() == Code::kInvalidArgument);
  CHECK(check_node({{.cpu = Fixed::whole(-1)}, {}}).code() == Code::kInvalidArgument);
}

TEST_CASE("a request counts as often as it can be taken one after the other") {
  struct Case {
    NodeResources node;
    Resources request;
    int count;
  };
  NodeResources mixed = node_with({1, 0.5, 1, 0.75});
  mixed.amounts.cpu = Fixed::whole(5);
  mixed.amounts.memory = 10;
  const Case cases[] = {{mixed, {.gpu = Fixed::whole(1)}, 2},
                        {mixed, {.gpu = Fixed::whole(2)}, 1},
                        {mixed, {.gpu = Fixed::whole(3)}, 0},
                        {mixed, {.gpu = fixed(0.5)}, 6},
                        {mixed, {.gpu = fixed(0.4)}, 6},
                        {mixed, {.cpu = Fixed::whole(2)}, 2},
                        {mixed, {.cpu = Fixed::whole(2), .gpu = fixed(0.5)}, 2},
                        {mixed, {.memory = 3}, 3},
                        {mixed, {.gpu = fixed(1.5)}, 0},
                        {mixed, {.custom = {{"x", Fixed::whole(1)}}}, 0},
                        {mixed, {}, 100},
                        {{}, {}, 100}};
  for (const Case& c : cases) {
    CAPTURE(to_string(c.request));
    CHECK(count_fitting(c.node, c.request, 100) == c.count);
    CHECK(fits(c.node, c.request) == (c.count > 0));
    NodeResources left = c.node;
    int taken = 0;
    while (taken < 100 && take(left, c.request)) ++taken;
    CHECK(taken == c.count);
  }
}

TEST_CASE("a grant is a node of its own for what runs inside it") {
  Grant half;
  half.amounts = {.cpu = Fixed::whole(2), .gpu = fixed(0.5)};
  half.gpus = {{3, fixed(0.5)}};
  const NodeResources inside = node_of(half, 8);
  CHECK(check_node(inside).ok());
  CHECK(inside.amounts == half.amounts);
  CHECK(inside.gpus[3] == fixed(0.5));
  CHECK(fits(inside, {.gpu = fixed(0.5)}));
  CHECK_FALSE(fits(inside, {.gpu = Fixed::whole(1)}));
}

TEST_CASE("a picker that picks what is not free, twice or too little breaks an invariant") {
  const NodeResources node = node_with({1, 0.5, 1});
  const auto words = [&](std::vector<int> picks) {
    return words_of_abort(
        [&] { (void)choose_gpus(node, {.gpu = Fixed::whole(2)}, [&](const auto&, int) { return picks; }); });
  };
  CHECK(words({0, 2}) == "");
  for (const auto& picks : {std::vector<int>{0, 1}, {0, 0}, {0}, {0, 3}, {-1, 0}})
    CHECK(words(picks).find("broken invariant") != std::string::npos);
}

}  // namespace Atoll

TEST_CASE("custom resources are read as people type them") {
  using Atoll::parse_custom_resources;
  const auto parsed = parse_custom_resources("license=4,scratch=0.5");
  REQUIRE(parsed.ok());
  CHECK(parsed->at("license") == Atoll::Fixed::whole(4));
  CHECK(parsed->at("scratch") == Atoll::Fixed::raw(5'000));
  CHECK(parse_custom_resources("")->empty());
  for (const char* wrong : {"license", "=4", "license=", "license=four", "license=-1", "a=1,a=2", "gpu=1", "a b=1", "a=1,,b=2"})
    CHECK_MESSAGE(!parse_custom_resources(wrong).ok(), wrong);
}
