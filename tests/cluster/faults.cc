// A driver that goes wrong in the way its first argument names; tests/cluster/*.sh say what must come of it.

#include <atoll/atoll.h>

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <thread>

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

int fail_by_throw(int shelf) { throw std::out_of_range("shelf " + std::to_string(shelf) + " is empty"); }
ATOLL_TASK(fail_by_throw);

int fail_by_exit(int code) { ::_exit(code); }
ATOLL_TASK(fail_by_exit);

int fail_by_signal(int signal) {
  ::raise(signal);
  return 0;
}
ATOLL_TASK(fail_by_signal);

// Dies the first time, when there is no such file yet.
std::string fail_once(const std::string& file) {
  if (!std::filesystem::exists(file)) {
    std::fclose(std::fopen(file.c_str(), "w"));
    ::raise(SIGKILL);
  }
  return "the second run answered";
}
ATOLL_TASK(fail_once);

int add(int a, int b) { return a + b; }
ATOLL_TASK(add);

std::string node_of_task() { return Atoll::this_worker().node; }
ATOLL_TASK(node_of_task);

void sleep_long() { std::this_thread::sleep_for(seconds(1000)); }
ATOLL_TASK(sleep_long);

// Starts a process that outlives its worker, if nobody ends it.
int leave_orphan() {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::setsid();
  ::execlp("sleep", "sleep", "1000", nullptr);
  ::_exit(127);
}
ATOLL_TASK(leave_orphan);

class Holder {
 public:
  std::string where() const { return Atoll::this_worker().node + " " + std::to_string(::getpid()); }
  int count() { return ++counter_; }

 private:
  int counter_ = 0;
};
ATOLL_ACTOR(Holder(), &Holder::where, &Holder::count);
using Holders = std::vector<Atoll::Actor<Holder>>;

// Prints what kind of error `call` ends with, and its words.
int report(const std::function<void()>& call) {
  try {
    call();
    std::cout << "no error\n";
  } catch (const Atoll::TaskError& error) {
    std::cout << "TaskError: " << error.what() << "\ntype " << error.type() << "\nmessage " << error.message()
              << "\nnode " << error.origin().node << "\nprocess " << error.origin().process << "\n";
  } catch (const Atoll::WorkerDiedError& error) {
    std::cout << "WorkerDied: " << error.what() << "\nnode " << error.origin().node << "\n";
  } catch (const Atoll::InfeasibleError& error) {
    std::cout << "Infeasible: " << error.what() << "\n";
  } catch (const std::exception& error) {
    std::cout << "another error: " << error.what() << "\n";
  }
  return 0;
}

template <typename T>
std::function<void()> get(const Atoll::Ref<T>& ref) {
  return [ref] { ref.get(seconds(20)); };
}

// An actor that takes a quarter of a node's CPUs, four on each node.
Holders hold_everywhere(const Atoll::Cluster& cluster) {
  Holders holders;
  for (const Atoll::NodeView& node : cluster.nodes())
    for (int i = 0; i < 4; ++i) holders.push_back(Atoll::actor<Holder>().cpus(node.cpus / 4).create());
  for (const Atoll::Actor<Holder>& holder : holders)
    std::cout << "holds " << holder.call(&Holder::where).get(seconds(20)) << std::endl;
  return holders;
}

// Calls all actors until `stop` exists, and says which are lost; then how many are still there.
int hold(const Atoll::Cluster& cluster, const std::string& stop) {
  const Holders holders = hold_everywhere(cluster);
  std::map<std::size_t, std::string> lost;
  while (!std::filesystem::exists(stop)) {
    for (std::size_t i = 0; i < holders.size(); ++i) {
      if (lost.contains(i)) continue;
      try {
        holders[i].call(&Holder::count).get(seconds(20));
      } catch (const Atoll::ActorDiedError& error) {
        std::cout << "lost " << (lost[i] = error.what()) << std::endl;
      } catch (const Atoll::ActorUnavailableError& error) {
        std::cout << "unavailable " << error.what() << std::endl;
      }
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
  for (const Atoll::Actor<Holder>& holder : holders) holder.kill();
  int sum = 0;
  for (int i = 0; i < 40; ++i) sum += Atoll::task(add).submit(i, 1).get(seconds(20));
  std::cout << holders.size() - lost.size() << " left, tasks sum to " << sum << std::endl;
  return 0;
}

// The driver goes, in one way or the other, with actors and tasks under way.
void leave_behind(const Atoll::Cluster& cluster) {
  static Holders holders = hold_everywhere(cluster);
  static std::vector<Atoll::Ref<void>> asleep;
  std::cout << "orphan " << Atoll::task(leave_orphan).cpus(0).submit().get(seconds(20)) << std::endl;
  for (int i = 0; i < 3; ++i) asleep.push_back(Atoll::task(sleep_long).cpus(0).submit());
}

void spread(int tasks) {
  std::map<std::string, int> nodes;
  std::vector<Atoll::Ref<std::string>> asked;
  for (int i = 0; i < tasks; ++i) asked.push_back(Atoll::task(node_of_task).submit());
  for (const std::string& node : Atoll::get(asked, seconds(20))) ++nodes[node];
  for (const auto& [node, count] : nodes) std::cout << "node " << node << " ran " << count << std::endl;
}

int go_wrong(const Atoll::Cluster& cluster, const std::string& way, const std::string& argument) {
  if (way == "throw") return report(get(Atoll::task(fail_by_throw).submit(7)));
  if (way == "exit") return report(get(Atoll::task(fail_by_exit).retries(0).submit(3)));
  if (way == "signal") return report(get(Atoll::task(fail_by_signal).retries(1).submit(SIGKILL)));
  if (way == "once") return std::cout << Atoll::task(fail_once).submit(argument).get(seconds(20)) << "\n", 0;
  if (way == "never-fits") return report(get(Atoll::task(add).cpus(100000).submit(1, 2)));
  if (way == "never-fits-actor")
    return report([] { Atoll::actor<Holder>().gpus(1000).create().wait_ready(seconds(20)); });
  if (way == "hold") return hold(cluster, argument);
  if (way == "spread") return spread(std::stoi(argument)), 0;
  leave_behind(cluster);
  if (way == "leave") return std::stoi(argument);
  if (way == "die") return ::raise(std::stoi(argument));
  if (way == "stay") std::this_thread::sleep_for(seconds(1000));
  std::cerr << "faults: no way to go wrong is called " << way << "\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Atoll::Cluster cluster = Atoll::connect(argc, argv);
    return go_wrong(cluster, argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "");
  } catch (const std::exception& error) {
    std::cerr << "faults: " << error.what() << "\n";
    return 1;
  }
}
