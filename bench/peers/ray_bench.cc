// Ray's C++ API's side of bench/compare; install.py compiles it against a pip package's headers, make does not.
//
//   ray_bench SECONDS NAME...     SECONDS for each of what is named, on the Ray at RAY_ADDRESS
//
// Prints "NAME VALUE [COUNT]" a line, in the shapes of compare_*.h. Its workers load the same file, built as a library.

#include <ray/api.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "bench/compare_measure.h"
#include "bench/compare_processes.h"

using namespace Atoll::Compare;

extern char** environ;

using Text = ray::ObjectRef<std::string>;

std::string small_value() { return "ok"; }

// A task needs one CPU, as it does by default with Ray's Python API.
template <typename Function>
auto task(Function function) {
  auto caller = ray::Task(function);
  caller.SetResource("CPU", 1.0);
  return caller;
}

Text submit_small() { return task(small_value).Remote(); }

template <typename Submit>
void get_many(int n, Submit submit) {
  std::vector<Text> refs;
  refs.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) refs.push_back(submit());
  ray::Get(refs);
}

class Server {
 public:
  static Server* make() { return new Server; }
  std::string small_value() { return "ok"; }
  int small_tasks(int n) { return get_many(n, submit_small), n; }
  int pid() { return getpid(); }
};
using Servers = std::vector<ray::ActorHandle<Server>>;

int hold_while(std::string file) {
  while (std::filesystem::exists(file)) usleep(1000);
  return 0;
}

int run_true() {
  char program[] = "/bin/true";
  char* const arguments[] = {program, nullptr};
  pid_t child = 0;
  int status = -1;
  if (posix_spawn(&child, program, nullptr, nullptr, arguments, environ) != 0) return status;
  waitpid(child, &status, 0);
  return status;
}

RAY_REMOTE(small_value, hold_while, run_true);
RAY_REMOTE(Server::make, &Server::small_value, &Server::small_tasks, &Server::pid);

namespace {

ray::ActorHandle<Server> make_server(int concurrency = 1) {
  return ray::Actor(Server::make).SetMaxConcurrency(concurrency).Remote();
}

Servers make_servers(int n) {
  Servers servers;
  for (int i = 0; i < n; ++i) servers.push_back(make_server());
  return servers;
}

template <typename Actors>
void kill_all(Actors& actors) {
  for (auto& actor : actors) actor.Kill();
}

void task_sync(double seconds) {
  print("task_sync", rate_of(1, seconds, [] { submit_small().Get(); }));
}
void task_async(double seconds) {
  print("task_async", rate_of(1000, seconds, [] { get_many(1000, submit_small); }));
}
void task_batch(double seconds) {
  print("task_batch", rate_of(1, seconds, [] { get_many(1000, submit_small); }));
}
void task_clients(double seconds) {
  Servers clients = make_servers(4);
  measure_clients("task_clients", 4, 1000, 10'000, seconds, [&](int n) {
    std::vector<ray::ObjectRef<int>> all;
    for (auto& client : clients) all.push_back(client.Task(&Server::small_tasks).Remote(n));
    ray::Get(all);
  });
  kill_all(clients);
}

void actor_sync(double seconds) {
  auto server = make_server();
  print("actor_sync", rate_of(1, seconds, [&] { server.Task(&Server::small_value).Remote().Get(); }));
  server.Kill();
}
void actor_trip(double seconds) {
  auto server = make_server();
  print("actor_trip", median_microseconds(seconds, [&] { server.Task(&Server::small_value).Remote().Get(); }));
  server.Kill();
}
void measure_async(const char* name, double seconds, int concurrency) {
  auto server = make_server(concurrency);
  print(name, rate_of(1000, seconds, [&] {
    get_many(1000, [&] { return server.Task(&Server::small_value).Remote(); });
  }));
  server.Kill();
}
void actor_async(double seconds) { measure_async("actor_async", seconds, 1); }
void actor_concurrent(double seconds) { measure_async("actor_concurrent", seconds, 16); }

void put_small(double seconds) {
  print("put_small", rate_of(1000, seconds, [] {
    for (int i = 0; i < 1000; ++i) ray::Put(0);
  }));
}
void get_small(double seconds) {
  const ray::ObjectRef<int> zero = ray::Put(0);
  print("get_small", rate_of(1000, seconds, [&] {
    for (int i = 0; i < 1000; ++i) zero.Get();
  }));
}
void put_large(double seconds) {
  const std::string bytes(std::size_t{100} << 23, '\0');
  print("put_large", rate_of(static_cast<double>(bytes.size()) / 1e9, seconds, [&] { ray::Put(bytes); }));
}
void get_large(double seconds) {
  const ray::ObjectRef<std::string> large = ray::Put(std::string(std::size_t{8} << 20, '\0'));
  print("get_large", median_microseconds(seconds, [&] { large.Get(); }));
}

void wait_for_1000() {
  std::vector<Text> pending;
  for (int i = 0; i < 1000; ++i) pending.push_back(submit_small());
  while (!pending.empty()) {
    const ray::WaitResult<std::string> waited = ray::Wait(pending, 1, 60'000);
    pending.assign(std::next(waited.ready.begin()), waited.ready.end());
    pending.insert(pending.end(), waited.unready.begin(), waited.unready.end());
  }
}
void wait_1k(double seconds) { print("wait_1k", rate_of(1, seconds, wait_for_1000)); }

void groups(double seconds) {
  const ray::PlacementGroupCreationOptions options{"", {{{"custom", 0.001}}}, ray::PlacementStrategy::PACK};
  print("groups", rate_of(100, seconds, [&] {
    std::vector<ray::PlacementGroup> all;
    for (int i = 0; i < 100; ++i) all.push_back(ray::CreatePlacementGroup(options));
    for (ray::PlacementGroup& group : all) group.Wait(30);
    for (const ray::PlacementGroup& group : all) ray::RemovePlacementGroup(group.GetID());
  }));
}

void queue_10k(double) {
  get_many(1000, submit_small);
  print("queue_10k", time_of([] { get_many(10'000, submit_small); }));
}
void queue_1m(double) {
  get_many(1000, submit_small);
  print("queue_1m", time_of([] { get_many(1'000'000, submit_small); }));
}
void processes(double seconds) {
  print("processes", rate_of(100, seconds, [] {
    std::vector<ray::ObjectRef<int>> refs;
    for (int i = 0; i < 100; ++i) refs.push_back(task(run_true).Remote());
    ray::Get(refs);
  }));
}

// Ray's processes are those of the program that started it, this one's parent.
pid_t ray_process(const std::string& name) {
  for (const auto& [pid, parent] : all_processes())
    if (parent == getppid() && runs(pid, "/" + name)) return pid;
  std::fprintf(stderr, "Ray has no process %s\n", name.c_str());
  std::exit(1);
}

void queue_bytes(double) {
  constexpr int kTasks = 20'000;
  get_many(1000, submit_small);
  const std::vector<pid_t> pids = {getpid(), ray_process("raylet"), ray_process("gcs_server")};
  const auto resident = [&] {
    double sum = 0;
    for (const pid_t pid : pids) sum += resident_bytes(pid);
    return sum;
  };
  char file[] = "/tmp/atoll-compare-XXXXXX";
  close(mkstemp(file));
  const std::vector<ray::ObjectRef<int>> holders = {task(hold_while).Remote(std::string(file)),
                                                    task(hold_while).Remote(std::string(file))};
  std::vector<Text> refs;
  refs.reserve(kTasks);
  const double before = resident();
  for (int i = 0; i < kTasks; ++i) refs.push_back(submit_small());
  const double after = resident();
  std::filesystem::remove(file);
  ray::Get(holders);
  ray::Get(refs);
  print("queue_bytes", (after - before) / kTasks, kTasks);
}

std::vector<int> start_idlers(Servers& idlers, int n) {
  std::vector<ray::ObjectRef<int>> refs;
  for (int i = 0; i < n; ++i) {
    idlers.push_back(make_server());
    refs.push_back(idlers.back().Task(&Server::pid).Remote());
  }
  std::vector<int> pids;
  for (const auto& ref : refs) pids.push_back(*ref.Get());
  return pids;
}

void actors_at_once(double seconds) {
  constexpr int kBatch = 8;
  double took = 0, made = 0;
  while (took < seconds) {
    Servers idlers;
    took += time_of([&] { start_idlers(idlers, kBatch); });
    made += kBatch;
    kill_all(idlers);
  }
  print("actors_at_once", made / took, kBatch);
}
void actors_in_turn(double seconds) {
  print("actors_in_turn", rate_of(1, seconds, [] {
    Servers idlers;
    start_idlers(idlers, 1);
    kill_all(idlers);
  }));
}
void worker_memory(double) {
  Servers idlers;
  std::vector<double> proportional, own;
  for (const int pid : start_idlers(idlers, 8)) {
    proportional.push_back(proportional_bytes(pid) / 1e6);
    own.push_back(private_bytes(pid) / 1e6);
  }
  kill_all(idlers);
  std::sort(proportional.begin(), proportional.end());
  std::sort(own.begin(), own.end());
  print("worker_pss", proportional[4]);
  print("worker_private", own[4]);
}
void actor_bytes(double) {
  constexpr int kActors = 16;
  Servers idlers;
  start_idlers(idlers, 2);
  const pid_t head = ray_process("gcs_server");
  const double before = resident_bytes(head);
  start_idlers(idlers, kActors);
  print("actor_bytes", (resident_bytes(head) - before) / kActors, kActors);
  kill_all(idlers);
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, void (*)(double)> all = {
      {"task_sync", task_sync}, {"task_async", task_async}, {"task_clients", task_clients},
      {"task_batch", task_batch}, {"actor_sync", actor_sync}, {"actor_trip", actor_trip},
      {"actor_async", actor_async}, {"actor_concurrent", actor_concurrent}, {"put_small", put_small},
      {"get_small", get_small}, {"put_large", put_large}, {"get_large", get_large},
      {"wait_1k", wait_1k}, {"groups", groups}, {"queue_10k", queue_10k},
      {"queue_1m", queue_1m}, {"queue_bytes", queue_bytes}, {"processes", processes},
      {"actors_at_once", actors_at_once}, {"actors_in_turn", actors_in_turn}, {"worker_memory", worker_memory},
      {"actor_bytes", actor_bytes},
  };
  ray::RayConfig config;
  config.code_search_path = {std::filesystem::read_symlink("/proc/self/exe").string() + ".so"};
  ray::Init(config);
  for (int i = 2; i < argc; ++i) {
    const auto found = all.find(argv[i]);
    if (found == all.end()) {
      std::fprintf(stderr, "ray_bench: there is no measurement '%s'\n", argv[i]);
      return 2;
    }
    found->second(std::atof(argv[1]));
  }
  ray::Shutdown();
}
