// One actor with state on every GPU of the cluster, in placement groups: shows where each rank was placed, and fails if a
// GPU was given twice, or if an actor does not find itself where its group's table says.
//
//   atoll run -- actors          one group over all GPUs: rank order is node order, and the ring of links inside a node
//   atoll run -- actors 4        groups of 4 GPUs, each on one node and on as few NVLink islands as any node allows

#include <atoll/atoll.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>

namespace {

constexpr int kRounds = 10;
constexpr auto kPatience = std::chrono::seconds(60);

// What an actor says of itself.
struct Seat {
  std::string node;
  int process = 0, rank = -1, ranks = 0;
  std::vector<std::string> uuids;
  std::vector<int> gpus, cpus;
  int numa = -1;
  std::vector<std::string> nics;
  ATOLL_FIELDS(node, process, rank, ranks, uuids, gpus, cpus, numa, nics)
};

class GpuActor {
 public:
  Seat seat() const {
    const Atoll::WorkerView& given = Atoll::this_worker();
    Seat seat{given.node, ::getpid(), given.bundle, given.bundles, {}, {}, given.cpus, given.numa, given.nics};
    for (const Atoll::Gpu& gpu : given.gpus) {
      seat.gpus.push_back(gpu.index);
      seat.uuids.push_back(gpu.uuid);
      if (seat.numa < 0) seat.numa = gpu.numa;
    }
    return seat;
  }

  int count() { return ++counter_; }

 private:
  int counter_ = 0;
};
ATOLL_ACTOR(GpuActor(), &GpuActor::seat, &GpuActor::count);

// A group, and the actor of each of its bundles.
struct Team {
  Atoll::PlacementGroup group;
  std::vector<Atoll::Actor<GpuActor>> actors;
  std::vector<Seat> seats;
};

// Sorted numbers as Slurm writes them: "0-3,8".
std::string ranges(const std::vector<int>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(numbers[i]);
    if (last > i) text += "-" + std::to_string(numbers[last]);
    i = last + 1;
  }
  return text.empty() ? "any" : text;
}

std::string list(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text.empty() ? "-" : text;
}

Team make_team(int size, const Atoll::GroupOptions& options) {
  Team team{Atoll::placement_group(std::vector<Atoll::Needs>(static_cast<std::size_t>(size), {.gpus = 1}), options), {}, {}};
  for (int rank = 0; rank < size; ++rank)
    team.actors.push_back(Atoll::actor<GpuActor>().gpus(1).in(team.group, rank).create());
  return team;
}

void take_seats(Team& team) {
  std::vector<Atoll::Ref<Seat>> asked;
  for (const Atoll::Actor<GpuActor>& actor : team.actors) asked.push_back(actor.call(&GpuActor::seat));
  team.seats = Atoll::get(asked, kPatience);
}

// The actor of a rank must have what the table says of its bundle, and no other may have its GPU.
void check_seat(int rank, const Seat& seat, const Atoll::BundleView& bundle, std::set<std::string>& taken) {
  const std::string who = "rank " + std::to_string(rank) + ", process " + std::to_string(seat.process) + " of " + seat.node + ",";
  if (seat.gpus.size() != 1)
    throw std::runtime_error(who + " asked for one GPU and has " + std::to_string(seat.gpus.size()));
  if (seat.rank != rank) throw std::runtime_error(who + " believes to be rank " + std::to_string(seat.rank));
  if (seat.node != bundle.node || bundle.gpus.size() != 1 || seat.gpus.front() != bundle.gpus.front().index)
    throw std::runtime_error(who + " has GPU " + ranges(seat.gpus) + ", which its group's table does not say");
  if (!taken.insert(seat.node + " " + ranges(seat.gpus)).second)
    throw std::runtime_error(who + " has GPU " + ranges(seat.gpus) + ", which another has too");
}

void show(const Team& team, std::set<std::string>& taken) {
  const Atoll::GroupTableView table = team.group.table();
  for (std::size_t i = 0; i < team.seats.size(); ++i) {
    const Seat& seat = team.seats[i];
    const Atoll::BundleView& bundle = table.bundles.at(i);
    check_seat(static_cast<int>(i), seat, bundle, taken);
    std::printf("%4zu  %-10s %4s %7d %5s  %-10s %-16s %-40s %d\n", i, seat.node.c_str(), ranges(seat.gpus).c_str(),
                bundle.gpus.front().island, seat.numa < 0 ? "-" : std::to_string(seat.numa).c_str(),
                ranges(seat.cpus).c_str(), list(seat.nics).c_str(), list(seat.uuids).c_str(), seat.process);
  }
}

// Every actor counts for itself.
void count_rounds(const std::vector<Team>& teams) {
  for (int round = 1; round <= kRounds; ++round) {
    std::vector<Atoll::Ref<int>> counted;
    for (const Team& team : teams)
      for (const Atoll::Actor<GpuActor>& actor : team.actors) counted.push_back(actor.call(&GpuActor::count));
    for (const int count : Atoll::get(counted, kPatience))
      if (count != round)
        throw std::runtime_error("a counter stands at " + std::to_string(count) + " after " + std::to_string(round) +
                                 " calls");
  }
}

std::vector<Team> make_teams(const Atoll::Cluster& cluster, int size) {
  int all = 0, groups = 0;
  for (const Atoll::NodeView& node : cluster.nodes()) {
    all += static_cast<int>(node.gpus);
    if (size > 0) groups += static_cast<int>(node.gpus) / size;
  }
  if (all < 1) throw std::runtime_error("this cluster has no GPUs; ask Slurm for some, as with --gpus-per-node=8");
  std::vector<Team> teams;
  if (size == 0) teams.push_back(make_team(all, {.strategy = Atoll::PlacementStrategy::kPack}));
  if (size > 0 && groups == 0) throw std::runtime_error("no node has " + std::to_string(size) + " GPUs");
  for (int i = 0; i < groups; ++i) teams.push_back(make_team(size, {.strategy = Atoll::PlacementStrategy::kStrictPack}));
  return teams;
}

void run(const Atoll::Cluster& cluster, int size) {
  std::vector<Team> teams = make_teams(cluster, size);
  std::set<std::string> taken;
  std::size_t actors = 0;
  std::printf("rank  node        gpu  island  numa  cpus       nics             uuid                                     process\n");
  for (Team& team : teams) {
    take_seats(team);
    if (size > 0) std::printf("group %zu of %zu\n", static_cast<std::size_t>(&team - teams.data() + 1), teams.size());
    show(team, taken);
    actors += team.actors.size();
  }
  count_rounds(teams);
  std::printf("%zu actors, one a GPU, no GPU twice; each counted to %d\n", actors, kRounds);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Atoll::Cluster cluster = Atoll::connect(argc, argv);
    const int size = argc > 1 ? std::atoi(argv[1]) : 0;
    if (argc > 2 || (argc == 2 && size < 1)) {
      std::fprintf(stderr, "usage: actors [GPUS_A_GROUP]\n");
      return 2;
    }
    run(cluster, size);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "actors: %s\n", error.what());
    return 1;
  }
}
