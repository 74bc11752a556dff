// What picking costs a cluster in the long run: one stream of groups, under our rules and under others'.
//
//   make build/bench/churn_bench && build/bench/churn_bench [--nodes N] [--events N] [--load X] [--seed S] [--seeds N]
//   [--json]
//
// Groups of 1 to 8 GPUs, each on one node, come to nodes of five makes and leave again; one that fits nowhere is turned
// away. Every policy sees the same streams, once as it is, and once with one island as a condition: what no island has
// room for is turned away too. Only there do the policies serve alike: without it, who spreads groups of 4 over pairs
// leaves the larger islands free and looks less fragmented.
//
// The row "atoll" is the rule of GroupPlanner, restated as a policy so that all have the same index. That it is the
// same is checked: the first seed's streams also go to a GroupPlanner, and the program fails unless every group comes
// to the same GPUs of the same node.
//
// A figure is the mean over the seeds; "better than atoll" is said where the differences of a policy, seed by seed, are
// on average more than twice their standard error.

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/churn_check.h"
#include "bench/churn_run.h"

namespace {

using namespace Atoll::Churn;

struct Options {
  std::size_t nodes = 1000, events = 100'000;
  double load = 0.9;
  std::uint64_t seed = 1;
  int seeds = 5;
  bool json = false;
};

// A column: where the figure is, how it is shown, which way is better (1: higher, -1: lower).
struct Column {
  const char *key, *title, *format;
  double Figures::*figure;
  double scale;
  int better;
};
constexpr Column kColumns[] = {
    {"one_island", "one island %", "%13.2f", &Figures::one_island, 100, 1},
    {"served", "served %", "%10.2f", &Figures::served, 100, 1},
    {"fragmented4", "frag. 4 %", "%10.2f", &Figures::fragmented4, 100, -1},
    {"fragmented8", "frag. 8 %", "%10.2f", &Figures::fragmented8, 100, -1},
    {"accepted", "accepted %", "%11.2f", &Figures::accepted, 100, 1},
    {"accepted_time", "GPU time %", "%11.2f", &Figures::accepted_time, 100, 1},
    {"pair_gbps", "GB/s a pair", "%12.1f", &Figures::pair_gbps, 1, 1},
    {"pair_gbps_75", "75th perc.", "%11.1f", &Figures::pair_gbps_75, 1, 1},
    {"of_best", "% of best", "%10.2f", &Figures::of_best, 100, 1},
    {"decision_ns", "decide ns", "%10.0f", &Figures::decision_ns, 1, -1},
};

struct Outcome {
  Policy policy;
  double fresh_ns = 0;
  std::vector<Figures> by_seed;
};

std::vector<std::size_t> draw_nodes(const Options& options, std::uint64_t seed, const std::vector<Make>& all) {
  std::vector<double> shares;
  for (const Make& make : all) shares.push_back(make.share);
  std::mt19937_64 random(seed * 0x9e3779b97f4a7c15ULL);
  std::discrete_distribution<std::size_t> draw(shares.begin(), shares.end());
  std::vector<std::size_t> nodes(options.nodes);
  for (std::size_t& node : nodes) node = draw(random);
  return nodes;
}

struct Scene {
  std::vector<std::size_t> nodes;  // the make of each
  std::vector<Group> stream;
};

Scene draw_scene(const Options& options, std::uint64_t seed, const std::vector<Make>& all) {
  Scene scene{draw_nodes(options, seed, all), {}};
  std::int64_t gpus = 0;
  for (const std::size_t make : scene.nodes) gpus += all[make].gpus();
  scene.stream = draw_stream(seed, options.events, options.load, gpus);
  return scene;
}

// Of the first seed, under both conditions.
Agreement compare_with_planner(const Options& options) {
  const std::vector<Make> all = makes();
  const Scene scene = draw_scene(options, options.seed, all);
  const Policy ours = policies()[0];
  Agreement agreement;
  for (const bool one_island : {false, true}) {
    const Offers offers(one_island ? within_island(ours) : ours, all);
    PlannerCheck(offers, all, scene.nodes, one_island).run(scene.stream, agreement);
  }
  return agreement;
}

std::vector<Outcome> simulate(const Options& options, bool one_island) {
  const std::vector<Make> all = makes();
  std::vector<Outcome> outcomes;
  for (const Policy& free_policy : policies()) {
    const Policy policy = one_island ? within_island(free_policy) : free_policy;
    const Offers offers(policy, all);
    Outcome outcome{policy, offers.fresh_ns(), {}};
    for (int i = 0; i < options.seeds; ++i) {
      const Scene scene = draw_scene(options, options.seed + static_cast<std::uint64_t>(i), all);
      outcome.by_seed.push_back(Run(offers, all, scene.nodes).run(scene.stream));
    }
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

struct Spread {
  double mean = 0, error = 0;  // of the mean
};

Spread spread_of(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double count = static_cast<double>(values.size()), mean = sum / count;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, count > 1 ? std::sqrt(squares / (count - 1) / count) : 0};
}

Spread column_of(const Outcome& outcome, const Column& column) {
  std::vector<double> values;
  for (const Figures& figures : outcome.by_seed) values.push_back(column.scale * (figures.*column.figure));
  return spread_of(values);
}

// By how much `other` is better than ours, seed by seed.
Spread lead_of(const Outcome& other, const Outcome& ours, const Column& column) {
  std::vector<double> leads;
  for (std::size_t i = 0; i < ours.by_seed.size(); ++i)
    leads.push_back(column.scale * column.better * (other.by_seed[i].*column.figure - ours.by_seed[i].*column.figure));
  return spread_of(leads);
}

void print_table(const std::vector<Outcome>& outcomes) {
  std::printf("%-12s", "");
  for (const Column& column : kColumns) std::printf("  %s", column.title);
  std::printf("  fresh ns\n");
  for (const Outcome& outcome : outcomes) {
    std::printf("%-12s", outcome.policy.name.c_str());
    for (const Column& column : kColumns) std::printf(column.format, column_of(outcome, column).mean);
    std::printf("%10.0f\n", outcome.fresh_ns);
  }
}

void print_leads(const std::vector<Outcome>& outcomes) {
  bool beaten = false;
  for (std::size_t i = 1; i < outcomes.size(); ++i)
    for (const Column& column : kColumns) {
      const Spread lead = lead_of(outcomes[i], outcomes[0], column);
      if (lead.mean <= 2 * lead.error || lead.mean <= 0) continue;
      std::printf("better than atoll: %s in %s, by %.3g (standard error %.2g)\n", outcomes[i].policy.name.c_str(),
                  column.title, lead.mean, lead.error);
      beaten = true;
    }
  if (!beaten) std::puts("no policy is better than atoll in any column");
}

void print_text(const Options& options, const std::vector<Outcome>& any, const std::vector<Outcome>& one,
                const Agreement& agreement) {
  const auto first = static_cast<unsigned long long>(options.seed);
  std::printf("%zu nodes of 5 makes, %zu groups, load %.2f, mean of seeds %llu to %llu\n", options.nodes,
              options.events, options.load, first, first + static_cast<unsigned long long>(options.seeds) - 1);
  std::puts("\na node is the only condition");
  print_table(any);
  print_leads(any);
  std::puts("\none island is a condition");
  print_table(one);
  print_leads(one);
  std::puts(
      "\none island: of accepted groups of two and more; served: of all such groups, those accepted on one island\n"
      "frag. 4 (8): of the free GPUs, those of no use to a group of 4 (8) on one island; over time\n"
      "GPU time: of what was asked for, accepted. % of best: total inside, over the best of the empty node\n"
      "decide: to choose and to take, with offers known and the same index for all. fresh: to work out an offer\n");
  for (const Outcome& outcome : any)
    std::printf("%-12s %s\n", outcome.policy.name.c_str(), outcome.policy.rule.c_str());
  std::printf(
      "\nGroupPlanner, as shipped, places %zu of %zu groups of the first seed like the row atoll: %s (goal: all)\n",
      agreement.alike, agreement.groups, agreement.whole() ? "reached" : "missed");
  std::printf("it takes %.0f ns a group, to choose, to order and to reserve\n",
              agreement.ns / static_cast<double>(agreement.groups));
}

nlohmann::ordered_json to_json(const std::vector<Outcome>& outcomes) {
  nlohmann::ordered_json policies = nlohmann::ordered_json::array();
  for (const Outcome& outcome : outcomes) {
    nlohmann::ordered_json entry = {{"name", outcome.policy.name}, {"rule", outcome.policy.rule}};
    for (const Column& column : kColumns) {
      const Spread spread = column_of(outcome, column);
      entry[column.key] = {{"mean", spread.mean}, {"error", spread.error}};
    }
    entry["fresh_ns"] = outcome.fresh_ns;
    policies.push_back(std::move(entry));
  }
  return policies;
}

void print_json(const Options& options, const std::vector<Outcome>& any, const std::vector<Outcome>& one,
                const Agreement& agreement) {
  const nlohmann::ordered_json planner = {{"groups", agreement.groups},
                                          {"alike", agreement.alike},
                                          {"ns", agreement.ns / static_cast<double>(agreement.groups)}};
  const nlohmann::ordered_json object = {
      {"nodes", options.nodes}, {"events", options.events}, {"load", options.load},       {"seed", options.seed},
      {"seeds", options.seeds}, {"any", to_json(any)},      {"one_island", to_json(one)}, {"planner", planner}};
  std::cout << object.dump(2) << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Groups that come and go, under several policies", "churn_bench");
  app.add_option("--nodes", options.nodes, "nodes (default 1000)")->check(CLI::Range(1, 1'000'000));
  app.add_option("--events", options.events, "groups that arrive (default 100000)")->check(CLI::Range(10, 100'000'000));
  app.add_option("--load", options.load, "GPU time asked for, over what there is (default 0.9)")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed, "the first seed (default 1)");
  app.add_option("--seeds", options.seeds, "how many seeds (default 5)")->check(CLI::Range(1, 1000));
  app.add_flag("--json", options.json, "print JSON");
  CLI11_PARSE(app, argc, argv);
  const std::vector<Outcome> any = simulate(options, false), one = simulate(options, true);
  const Agreement agreement = compare_with_planner(options);
  if (options.json) {
    print_json(options, any, one, agreement);
  } else {
    print_text(options, any, one, agreement);
  }
  return agreement.whole() ? 0 : 1;
}
