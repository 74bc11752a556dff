// One actor with state on every GPU of the cluster. Shows which GPU, NUMA node and CPUs each was given, and fails if a GPU
// was given twice.
//
//   atoll run -- actors

#include <atoll/atoll.h>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <set>

namespace {

constexpr int kRounds = 10;

struct Place {
  std::string node;
  int process = 0;
  std::vector<int> gpus;  // their indices
  std::string uuid, model;
  int numa = -1;
  std::vector<int> cpus;
  ATOLL_FIELDS(node, process, gpus, uuid, model, numa, cpus)
};

class GpuActor {
 public:
  Place place() const {
    const Atoll::WorkerView& given = Atoll::this_worker();
    Place place{given.node, ::getpid(), {}, "", "", given.numa, given.cpus};
    for (const Atoll::Gpu& gpu : given.gpus) place.gpus.push_back(gpu.index);
    if (given.gpus.empty()) return place;
    place.uuid = given.gpus.front().uuid;
    place.model = given.gpus.front().model;
    if (place.numa < 0) place.numa = given.gpus.front().numa;
    return place;
  }

  int count() { return ++counter_; }

 private:
  int counter_ = 0;
};
ATOLL_ACTOR(GpuActor(), &GpuActor::place, &GpuActor::count);

using Actors = std::vector<Atoll::Actor<GpuActor>>;

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

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::vector<Place> ask_places(const Actors& actors) {
  std::vector<Atoll::Ref<Place>> asked;
  for (const Atoll::Actor<GpuActor>& actor : actors) asked.push_back(actor.call(&GpuActor::place));
  std::vector<Place> places = Atoll::get(asked, std::chrono::seconds(60));
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::tie(a.node, a.gpus) < std::tie(b.node, b.gpus);
  });
  return places;
}

void print(const std::vector<Place>& places) {
  std::printf("%-12s %4s  %-40s  %-8s %5s  %-12s %s\n", "node", "gpu", "uuid", "model", "numa", "cpus", "process");
  for (const Place& place : places)
    std::printf("%-12s %4s  %-40s  %-8s %5s  %-12s %d\n", place.node.c_str(), ranges(place.gpus).c_str(),
                or_dash(place.uuid).c_str(), or_dash(place.model).c_str(),
                place.numa < 0 ? "-" : std::to_string(place.numa).c_str(), ranges(place.cpus).c_str(), place.process);
}

// Throws unless each actor has one GPU, and no other has it.
void check_places(const std::vector<Place>& places) {
  std::set<std::pair<std::string, int>> taken;
  for (const Place& place : places) {
    const std::string who = "the actor in process " + std::to_string(place.process) + " of " + place.node;
    if (place.gpus.size() != 1)
      throw std::runtime_error(who + " asked for one GPU and has " + std::to_string(place.gpus.size()));
    if (!taken.emplace(place.node, place.gpus.front()).second)
      throw std::runtime_error(who + " has GPU " + std::to_string(place.gpus.front()) + ", which another has too");
  }
}

// Every actor counts for itself.
void count_rounds(const Actors& actors) {
  for (int round = 1; round <= kRounds; ++round) {
    std::vector<Atoll::Ref<int>> counted;
    for (const Atoll::Actor<GpuActor>& actor : actors) counted.push_back(actor.call(&GpuActor::count));
    for (const int count : Atoll::get(counted, std::chrono::seconds(60)))
      if (count != round)
        throw std::runtime_error("a counter stands at " + std::to_string(count) + " after " + std::to_string(round) +
                                 " calls");
  }
}

void run(const Atoll::Cluster& cluster) {
  double gpus = 0;
  for (const Atoll::NodeView& node : cluster.nodes()) gpus += node.gpus;
  if (gpus < 1) throw std::runtime_error("this cluster has no GPUs; ask Slurm for some, as with --gpus-per-node=8");
  Actors actors;
  for (int i = 0; i < static_cast<int>(gpus); ++i) actors.push_back(Atoll::actor<GpuActor>().gpus(1).create());
  const std::vector<Place> places = ask_places(actors);
  print(places);
  check_places(places);
  count_rounds(actors);
  std::printf("%zu actors, one a GPU, no GPU twice; each counted to %d\n", actors.size(), kRounds);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Atoll::Cluster cluster = Atoll::connect(argc, argv);
    run(cluster);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "actors: %s\n", error.what());
    return 1;
  }
}
