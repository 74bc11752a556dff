// What a group may ask for, and the words for it.
#include "runtime/scheduler/group.h"

#include <doctest/doctest.h>

#include "runtime/scheduler/label_selector.h"
#include "runtime/scheduler/node_classes.h"

namespace Atoll {
namespace {

Resources gpu(std::int64_t units) { return {.gpu = Fixed::raw(units * 1'000)}; }

GroupRequest group(Strategy strategy, std::vector<Resources> bundles, Level within = Level::kCluster,
                   std::uint32_t segment = 0) {
  return {.strategy = strategy, .within = within, .segment = segment, .bundles = std::move(bundles), .labels = {}};
}

}  // namespace

TEST_CASE("what no cluster could ever have is no group") {
  const Resources one = gpu(10);
  const struct {
    GroupRequest request;
    const char* error;  // "" is none
  } cases[] = {
      {group(Strategy::kPack, {one, gpu(5), {.cpu = Fixed::raw(1)}}), ""},
      {group(Strategy::kPack, {}), "a group needs a bundle"},
      {group(Strategy::kPack, {one, {}}), "bundle 1 asks for nothing"},
      {group(Strategy::kPack, {gpu(15)}), "bundle 0: a request of more than one GPU must be whole, not 1.5"},
      {group(Strategy::kPack, {gpu(-10)}), "bundle 0: a request cannot be negative: -1 gpu"},
      {group(Strategy::kPack, {{.custom = {{"gpu", Fixed::whole(1)}}}}),
       "bundle 0: a custom resource cannot be called 'gpu'"},
      {group(Strategy::kStrictSpread, {one}, Level::kNode), ""},
      {group(Strategy::kStrictSpread, {one, one}, Level::kNode),
       "STRICT_SPREAD wants a node for each bundle, and within(node) one node for all"},
      {group(Strategy::kStrictPack, {one}, Level::kFabric, 2),
       "STRICT_PACK wants one node, which cannot be cut into segments of nodes"},
      {group(Strategy::kPack, {one}, Level::kSwitch, 2), ""},
      {group(Strategy::kPack, {one}, Level::kCluster, 2),
       "a segment of nodes stays within a fabric or a switch, not within(cluster)"},
      {group(static_cast<Strategy>(9), {one}), "there is no such strategy"},
      {group(Strategy::kPack, {one}, static_cast<Level>(9)), "there is no such level"},
      {group(Strategy::kPack, std::vector<Resources>(kMaxBundles + 1, one)),
       "a group has at most 100000 bundles, not 100001"},
  };
  for (const auto& [request, error] : cases) {
    CHECK(check_group(request).message() == error);
    CHECK(check_group(request).ok() == (error[0] == '\0'));
  }
}

TEST_CASE("strategies and levels are read as they are printed") {
  for (const auto strategy : {Strategy::kPack, Strategy::kSpread, Strategy::kStrictPack, Strategy::kStrictSpread})
    CHECK(*parse_strategy(to_string(strategy)) == strategy);
  for (const auto level : {Level::kIsland, Level::kNode, Level::kFabric, Level::kSwitch, Level::kCluster})
    CHECK(*parse_level(to_string(level)) == level);
  CHECK_FALSE(parse_strategy("pack").ok());
  CHECK_FALSE(parse_level("").ok());
}

TEST_CASE("a label selector is read, or refused with its label") {
  const struct {
    const char* text;
    std::optional<LabelRule> rule;
  } cases[] = {
      {"a", LabelRule{"zone", false, {"a"}}},
      {" !a ", LabelRule{"zone", true, {"a"}}},
      {"in(a)", LabelRule{"zone", false, {"a"}}},
      {"!in( a , b c )", LabelRule{"zone", true, {"a", "b c"}}},
      {"inner", LabelRule{"zone", false, {"inner"}}},
      {"", std::nullopt},
      {"!", std::nullopt},
      {"!!a", std::nullopt},
      {"in()", std::nullopt},
      {"in(a,)", std::nullopt},
      {"in(a", std::nullopt},
      {"a,b", std::nullopt},
      {"in(a)b", std::nullopt},
  };
  for (const auto& [text, rule] : cases) {
    CAPTURE(text);
    const auto rules = parse_selector({{"zone", text}});
    REQUIRE(rules.ok() == rule.has_value());
    if (rule) CHECK(*rules == std::vector{*rule});
    if (!rule) CHECK(rules.status().message().starts_with("the label zone cannot be '"));
  }
  CHECK_FALSE(parse_selector({{"", "a"}}).ok());
}

TEST_CASE("CLASS-1: a node is in the class of what its GPUs look like now, and in no other") {
  NodeClasses classes;
  const Fixed one = Fixed::whole(1), none;
  const auto nodes_like = [&classes](const std::vector<Fixed>& gpus) {
    std::vector<std::uint32_t> nodes;
    for (const std::uint32_t number : classes.live()) {
      const NodeClasses::Class& found = classes.at(number);
      if (found.gpus != gpus) continue;
      for (std::uint32_t id = found.nodes.first(0); id != FitSet::kNone; id = found.nodes.first(id + 1))
        nodes.push_back(id);
      CHECK(nodes.size() == found.count);
    }
    return nodes;
  };
  using Nodes = std::vector<std::uint32_t>;
  for (const std::uint32_t node : {3, 1, 70}) classes.set(node, nullptr, {one, one});
  CHECK(nodes_like({one, one}) == Nodes{1, 3, 70});
  classes.set(3, nullptr, {one, none});
  classes.set(3, nullptr, {one, none});
  CHECK(nodes_like({one, one}) == Nodes{1, 70});
  CHECK(nodes_like({one, none}) == Nodes{3});
  classes.remove(3);
  classes.remove(3);
  CHECK(nodes_like({one, none}).empty());
  CHECK(classes.live().size() == 1);
  // Thousands of classes come and go; those without nodes are dropped some time, and none is taken for another.
  for (int part = 1; part <= 5'000; ++part) classes.set(5, nullptr, {Fixed::raw(part)});
  CHECK(nodes_like({Fixed::raw(5'000)}) == Nodes{5});
  CHECK(nodes_like({one, one}) == Nodes{1, 70});
  CHECK(classes.live().size() == 2);
  CHECK(classes.slots() < 1'000);
}

}  // namespace Atoll
