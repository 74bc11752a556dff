#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "runtime/scheduler/cluster_view.h"

namespace Atoll {
namespace {

constexpr std::uint32_t kSeed = 20262;

Fixed fixed(double amount) { return *Fixed::from_double(amount); }
Resources gpu(double amount) { return {.gpu = fixed(amount)}; }
Resources cpu(double amount) { return {.cpu = fixed(amount)}; }
NodeResources node_with(int gpus, int cpus) { return node_of({.cpu = Fixed::whole(cpus), .gpu = Fixed::whole(gpus)}); }

ClusterView view_of(int nodes, int gpus, int cpus) {
  ClusterView view;
  for (int i = 0; i < nodes; ++i)
    REQUIRE(view.add_node(NodeId(i), "n" + std::to_string(i), node_with(gpus, cpus)).ok());
  return view;
}

// {node, how many} of each placement.
using Nodes = std::vector<std::pair<int, int>>;
Nodes nodes_of(const std::vector<Placement>& placements) {
  Nodes nodes;
  for (const Placement& p : placements) nodes.emplace_back(static_cast<int>(p.node), p.count);
  return nodes;
}

Fixed free_gpu(const ClusterView& view, int node) { return view.find(NodeId(node))->free.amounts.gpu; }

}  // namespace

TEST_CASE("VIEW-4: packing fills the lowest node that fits before the next") {
  ClusterView view = view_of(3, 4, 8);
  CHECK(nodes_of(view.place(gpu(1), 6)) == Nodes{{0, 4}, {1, 2}});
  CHECK(nodes_of(view.place(gpu(3), 1)) == Nodes{{2, 1}});
  CHECK(nodes_of(view.place(gpu(2), 2)) == Nodes{{1, 1}});
  CHECK(view.place(gpu(2), 1).empty());
  CHECK(nodes_of(view.place(gpu(0.5), 9)) == Nodes{{2, 2}});
}

TEST_CASE("what fits nowhere is not placed, and nothing is split across nodes") {
  ClusterView view = view_of(4, 2, 8);
  CHECK(view.place(gpu(3), 1).empty());
  CHECK(nodes_of(view.place(gpu(2), 9)) == Nodes{{0, 1}, {1, 1}, {2, 1}, {3, 1}});
}

TEST_CASE("spreading takes the node with the most free share, one at a time, in turn among equals") {
  ClusterView view = view_of(3, 4, 8);
  CHECK(nodes_of(view.place(gpu(1), 4, Policy::kSpread)) == Nodes{{0, 2}, {1, 1}, {2, 1}});
  CHECK(nodes_of(view.place(gpu(1), 1, Policy::kSpread)) == Nodes{{1, 1}});
  CHECK(nodes_of(view.place(gpu(1), 9, Policy::kSpread)) == Nodes{{2, 3}, {0, 2}, {1, 2}});
  CHECK(view.place(gpu(1), 1, Policy::kSpread).empty());
}

TEST_CASE("spreading requests of nothing goes round the nodes") {
  ClusterView view = view_of(3, 0, 1);
  for (const int node : {0, 1, 2, 0, 1}) CHECK(nodes_of(view.place({}, 1, Policy::kSpread)) == Nodes{{node, 1}});
}

TEST_CASE("spreading weighs the share of what is asked for, not the amount") {
  ClusterView view;
  REQUIRE(view.add_node(NodeId(0), "large", node_with(0, 100)).ok());
  REQUIRE(view.add_node(NodeId(1), "small", node_with(0, 4)).ok());
  REQUIRE(nodes_of(view.place(cpu(40), 1)) == Nodes{{0, 1}});
  CHECK(nodes_of(view.place(cpu(1), 2, Policy::kSpread)) == Nodes{{1, 2}});
  CHECK(nodes_of(view.place(cpu(1), 1, Policy::kSpread)) == Nodes{{0, 1}});
}

TEST_CASE("VIEW-2: a report that left before the reservation arrived does not hide it") {
  ClusterView view = view_of(1, 8, 8);
  const auto placed = view.place(gpu(6), 1);
  REQUIRE(placed.size() == 1);
  CHECK(free_gpu(view, 0) == fixed(2));
  CHECK(view.report(NodeId(0), {.sequence = 1, .free = node_with(8, 8)}).ok());  // knows nothing of it
  CHECK(free_gpu(view, 0) == fixed(2));
  CHECK(view.place(gpu(3), 1).empty());
  NodeReport aware{.sequence = 2, .free = node_with(8, 8), .heard = {placed[0].reservation}};
  aware.free.gpus = {fixed(0), fixed(0), fixed(0), fixed(0), fixed(0), fixed(0), fixed(1), fixed(1)};
  aware.free.amounts.gpu = fixed(2);
  CHECK(view.report(NodeId(0), aware).ok());
  CHECK(free_gpu(view, 0) == fixed(2));                                          // not subtracted twice
  CHECK(view.report(NodeId(0), {.sequence = 3, .free = node_with(8, 8)}).ok());  // released there
  CHECK(free_gpu(view, 0) == fixed(8));
}

TEST_CASE("VIEW-2: a report ends the reservations it has heard and no others") {
  ClusterView view = view_of(1, 8, 8);
  const auto first = view.place(gpu(1), 1), second = view.place(gpu(1), 1), third = view.place(gpu(1), 1);
  CHECK(free_gpu(view, 0) == fixed(5));
  CHECK(view.report(NodeId(0), {.sequence = 1, .free = node_with(8, 8), .heard = {second[0].reservation}}).ok());
  CHECK(free_gpu(view, 0) == fixed(6));
  CHECK(view.report(NodeId(0), {.sequence = 2, .free = node_with(8, 8), .heard_through = third[0].reservation}).ok());
  CHECK(free_gpu(view, 0) == fixed(8));
}

TEST_CASE("VIEW-2: room that the node gave away meanwhile is not counted below nothing") {
  ClusterView view = view_of(1, 2, 4);
  REQUIRE(view.place({.cpu = fixed(3), .gpu = fixed(2)}, 1).size() == 1);
  NodeReport busy{.sequence = 1, .free = node_with(2, 2)};
  REQUIRE(take(busy.free, gpu(0.5)));
  CHECK(view.report(NodeId(0), busy).ok());
  const NodeResources& free = view.find(NodeId(0))->free;
  CHECK(free.amounts.cpu == fixed(0));
  CHECK(free.gpus == std::vector{fixed(0.5), fixed(0)});
  CHECK(check_node(free).ok());
}

TEST_CASE("VIEW-3: an overtaken report changes no amounts, yet what it heard is heard") {
  ClusterView view = view_of(1, 8, 8);
  const auto placed = view.place(gpu(6), 1);
  NodeResources less = node_with(8, 8);
  REQUIRE(take(less, gpu(6)));
  CHECK(view.report(NodeId(0), {.sequence = 5, .free = less}).ok());
  CHECK(free_gpu(view, 0) == fixed(0));
  CHECK(view.report(NodeId(0), {.sequence = 4, .free = node_with(8, 8), .heard = {placed[0].reservation}}).ok());
  CHECK(free_gpu(view, 0) == fixed(2));
}

TEST_CASE("a report of more than the node brought is refused and changes nothing") {
  ClusterView view = view_of(1, 2, 4);
  const NodeResources before = view.find(NodeId(0))->free;
  std::vector<NodeResources> wrong{node_with(3, 4), node_with(1, 4), node_with(2, 5), node_with(2, 4)};
  wrong.back().gpus[1] = fixed(0.5);  // and its amount says 2
  for (const NodeResources& free : wrong)
    CHECK(view.report(NodeId(0), {.sequence = 9, .free = free}).code() == Code::kInvalidArgument);
  CHECK(view.find(NodeId(0))->free == before);
  CHECK(view.report(NodeId(7), {.sequence = 1, .free = node_with(2, 4)}).code() == Code::kNotFound);
}

TEST_CASE("VIEW-1: a lost node is not chosen, and comes back without its reservations") {
  ClusterView view = view_of(2, 4, 8);
  const auto placed = view.place(gpu(4), 1);
  REQUIRE(nodes_of(placed) == Nodes{{0, 1}});
  view.remove_node(NodeId(0));
  CHECK(view.alive() == 1);
  CHECK(nodes_of(view.place(gpu(4), 2)) == Nodes{{1, 1}});
  CHECK(view.report(NodeId(0), {.sequence = 7, .free = node_with(4, 8)}).code() == Code::kNotFound);
  CHECK(view.add_node(NodeId(0), "n0", node_with(2, 8)).ok());
  view.cancel(NodeId(0), placed[0].reservation);  // of its former life
  CHECK(nodes_of(view.place(gpu(2), 2)) == Nodes{{0, 1}});
  CHECK_FALSE(view.feasible(gpu(5)));
}

TEST_CASE("what cannot join says why") {
  ClusterView view = view_of(1, 4, 8);
  CHECK(view.add_node(NodeId(0), "again", node_with(4, 8)).code() == Code::kAlreadyExists);
  CHECK(view.add_node(NodeId::kNone, "none", node_with(4, 8)).code() == Code::kInvalidArgument);
  CHECK(view.add_node(NodeId(1), "", node_with(4, 8)).code() == Code::kInvalidArgument);
  CHECK(view.add_node(NodeId(1), "n1", {{.gpu = fixed(1)}, {}}).message() ==
        "n1: a node says 1 gpu, its GPUs sum to 0");
  CHECK(view.alive() == 1);
  CHECK(view.find(NodeId(1)) == nullptr);
}

TEST_CASE("a cancelled reservation gives its room back, once") {
  ClusterView view = view_of(1, 8, 8);
  const auto placed = view.place(gpu(2), 3);
  CHECK(free_gpu(view, 0) == fixed(2));
  view.cancel(NodeId(0), placed[0].reservation);
  view.cancel(NodeId(0), placed[0].reservation);
  CHECK(free_gpu(view, 0) == fixed(8));
}

TEST_CASE("VIEW-6: several requests are reserved on a node together or not at all") {
  ClusterView view = view_of(2, 4, 8);
  CHECK_FALSE(view.reserve(NodeId(1), {gpu(3), gpu(2)}));
  CHECK(free_gpu(view, 1) == fixed(4));
  const auto reserved = view.reserve(NodeId(1), {gpu(3), cpu(2), gpu(1)});
  REQUIRE(reserved);
  CHECK(free_gpu(view, 1) == fixed(0));
  CHECK(view.nodes_fitting(gpu(1), 9) == std::vector{NodeId(0)});
  view.cancel(NodeId(1), *reserved);
  CHECK(view.nodes_fitting(gpu(1), 9) == std::vector{NodeId(0), NodeId(1)});
  CHECK(view.nodes_fitting(gpu(1), 1) == std::vector{NodeId(0)});
  CHECK_FALSE(view.reserve(NodeId(5), {gpu(1)}));
}

TEST_CASE("a head that was restarted numbers its reservations above the former ones") {
  ClusterView view(1'000);
  REQUIRE(view.add_node(NodeId(0), "n0", node_with(2, 2)).ok());
  CHECK(view.place(gpu(1), 1)[0].reservation == 1'000);
  CHECK(view.report(NodeId(0), {.sequence = 70, .free = node_with(2, 2), .heard_through = 999}).ok());
  CHECK(free_gpu(view, 0) == fixed(1));
}

TEST_CASE("a malformed request is placed nowhere") {
  ClusterView view = view_of(1, 8, 8);
  CHECK(view.place(gpu(1.5), 1).empty());
  CHECK(view.place({.cpu = Fixed::raw(-1)}, 1).empty());
  CHECK(view.place(gpu(1), 0).empty());
  CHECK_FALSE(view.feasible(gpu(1.5)));
}

TEST_CASE("why a request fits nowhere is one sentence in counts") {
  struct Case {
    Resources request;
    const char* sentence;
  };
  ClusterView view = view_of(4, 8, 8);
  const Case cases[] = {
      {gpu(16), "needs 16 gpu on one node; 4 nodes have at most 8 gpu"},
      {{.cpu = fixed(64), .gpu = fixed(1)},
       "needs 1 gpu and 64 cpu on one node; 4 nodes have enough gpu but at most 8 cpu"},
      {{.cpu = fixed(64), .gpu = fixed(16)},
       "needs 16 gpu and 64 cpu on one node; 4 nodes have at most 8 gpu and 8 cpu"},
      {{.memory = 4ULL << 30}, "needs 4 GiB memory on one node; 4 nodes have no memory"},
      {{.cpu = fixed(1), .gpu = fixed(9), .custom = {{"license", fixed(2)}}},
       "needs 9 gpu, 1 cpu and 2 license on one node; 4 nodes have enough cpu but no license and at most 8 gpu"},
      {gpu(1.5), "a request of more than one GPU must be whole, not 1.5"},
      {gpu(8), "needs 8 gpu on one node; 4 nodes have it free"},
      {{}, "needs nothing; 4 nodes have it free"},
  };
  for (const Case& c : cases) CHECK(view.explain(c.request) == c.sentence);
  CHECK(ClusterView().explain(gpu(1)) == "needs 1 gpu on one node; no node is alive");
}

TEST_CASE("a node that is only busy is told from one that is too small") {
  ClusterView view = view_of(2, 8, 8);
  REQUIRE(view.add_node(NodeId(2), "n2", node_with(4, 8)).ok());
  REQUIRE(view.add_node(NodeId(3), "n3", node_with(0, 8)).ok());
  REQUIRE(view.place(gpu(3), 2).size() == 1);
  REQUIRE(view.place(gpu(7), 1).size() == 1);
  CHECK(view.explain(gpu(8)) ==
        "needs 8 gpu on one node; 2 nodes are busy and have at most 2 gpu free; 2 nodes have at most 4 gpu");
  CHECK(view.feasible(gpu(8)));
  REQUIRE(nodes_of(view.place(gpu(0.75), 3)) == Nodes{{0, 2}, {1, 1}});
  CHECK(view.explain(gpu(8)) ==
        "needs 8 gpu on one node; 2 nodes are busy and have no whole gpu free; 2 nodes have at most 4 gpu");
  REQUIRE(nodes_of(view.place(gpu(1), 4)) == Nodes{{2, 4}});
  CHECK(view.explain(gpu(0.5)) ==
        "needs 0.5 gpu on one node; 3 nodes are busy and have at most 0.25 gpu free on one device; "
        "1 node has no gpu");
}

// The view's rules written once more as plain scans of all nodes.
struct NaiveView {
  struct Node {
    NodeResources total, free;
    bool alive = false;
    std::uint64_t last_spread = 0;
  };
  std::vector<Node> nodes;
  std::uint64_t choices = 0;

  std::vector<int> place(const Resources& request, int count, Policy policy) {
    std::vector<int> chosen;
    for (; count > 0; --count) {
      int best = -1;
      for (int i = 0; i < std::ssize(nodes); ++i) {
        if (!nodes[i].alive || !fits(nodes[i].free, request)) continue;
        if (best < 0 || (policy == Policy::kSpread && before(nodes[i], nodes[best], request))) best = i;
      }
      if (best < 0) break;
      take(nodes[best].free, request);
      if (policy == Policy::kSpread) nodes[best].last_spread = ++choices;
      chosen.push_back(best);
    }
    return chosen;
  }
  static bool before(const Node& a, const Node& b, const Resources& request) {
    const std::int64_t share_a = share(a, request), share_b = share(b, request);
    return share_a != share_b ? share_a > share_b : a.last_spread < b.last_spread;
  }
  static std::int64_t share(const Node& node, const Resources& request) {
    const auto millionths = [](Fixed free, Fixed total) {
      return static_cast<std::int64_t>(double(free.units()) / double(total.units()) * 1'000'000);
    };
    std::int64_t least = 1'000'000;
    if (!request.cpu.is_zero()) least = std::min(least, millionths(node.free.amounts.cpu, node.total.amounts.cpu));
    if (!request.gpu.is_zero()) least = std::min(least, millionths(node.free.amounts.gpu, node.total.amounts.gpu));
    return least;
  }
};

TEST_CASE("VIEW-5: thousands of random events agree with scans of all nodes") {
  MESSAGE("seed ", kSeed);
  std::mt19937 random(kSeed);
  const auto below = [&random](int n) { return static_cast<int>(random() % n); };
  for (int round = 0; round < 30; ++round) {
    const int nodes = 1 + below(150);
    ClusterView view;
    NaiveView naive{std::vector<NaiveView::Node>(nodes)};
    std::vector<Placement> open;
    for (int step = 0; step < 300; ++step) {
      const int id = below(nodes);
      NaiveView::Node& node = naive.nodes[id];
      if (step < nodes || below(10) == 0) {
        const NodeResources total = node_with(below(5), 1 + below(8));
        REQUIRE(view.add_node(NodeId(id), "n", total).ok() == !node.alive);
        if (!node.alive) node = {total, total, true, node.last_spread};
      } else if (below(10) == 0) {
        view.remove_node(NodeId(id));
        node.alive = false;
      } else if (below(3) == 0 && node.alive) {
        NodeReport report{.sequence = 1'000u + step, .free = node.total, .heard_through = 1'000'000};
        while (below(2) == 0) take(report.free, below(2) ? cpu(below(3)) : gpu(0.25 * below(5)));
        REQUIRE(view.report(NodeId(id), report).ok());
        node.free = report.free;
      } else {
        // More shapes than the view keeps indices of.
        const Resources request{.cpu = Fixed::raw(2'500 * below(12)),
                                .gpu = Fixed::raw(below(3) ? 2'500 * below(4) : 10'000 * below(5))};
        const Policy policy = below(2) ? Policy::kPack : Policy::kSpread;
        const int count = 1 + below(6);
        std::vector<int> expected = naive.place(request, count, policy), got;
        for (const Placement& p : view.place(request, count, policy))
          got.insert(got.end(), p.count, static_cast<int>(p.node));
        std::ranges::sort(expected);
        std::ranges::sort(got);
        REQUIRE(got == expected);
        REQUIRE(view.feasible(request) ==
                std::ranges::any_of(naive.nodes, [&](const auto& n) { return n.alive && fits(n.total, request); }));
      }
      if (node.alive) REQUIRE(view.find(NodeId(id))->free == node.free);
    }
  }
}

}  // namespace Atoll
