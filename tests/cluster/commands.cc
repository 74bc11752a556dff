// A driver for commands as actors; its first argument says which. tests/cluster/commands.sh says what must come of it.

#include <atoll/atoll.h>

#include <signal.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/driver_words.h"

namespace {

using Atoll::Command;
using Atoll::command;
using Atoll::testing::say_error;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kPatience = seconds(30);

// Until it was started anew so often and is ready.
bool is_restarted(const Command& each, int times) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (each.restarts() < times)
    if (std::chrono::steady_clock::now() > end) return false;
  return true;
}

int exit_of(Atoll::CommandOptions options) { return options.start().wait_exit(kPatience); }
Atoll::CommandOptions shell(const std::string& script) { return command("sh", "-c", script); }

template <typename Done>
bool wait_until(Done done) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!done() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(milliseconds(1));
  return done();
}
bool is_made(const std::string& file) {
  return wait_until([&] { return std::filesystem::exists(file); });
}

// A command on this node that, told to end by SIGTERM, says so in the file. It starts another process; the file with
// ".up" in its name has its id.
Atoll::CommandOptions polite(const std::string& file) {
  const std::string up = file + ".up", child = file + ".child";
  return shell("trap 'sleep 0.1; echo bye > " + file + "; exit 0' TERM; sleep 602 & echo $! > " + child + "; " +
               "mv " + child + " " + up + "; while :; do wait; done")
      .on_node("n1");
}
int child_of(const std::string& file) {
  int child = 0;
  std::ifstream(file + ".up") >> child;
  return child;
}
bool lives(int process) { return process > 0 && ::kill(process, 0) == 0; }
bool is_gone(int process) {
  return process > 0 && wait_until([&] { return ::kill(process, 0) != 0; });
}
int parent_of(int process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string id, name, state;
  int parent = 0;
  stat >> id >> name >> state >> parent;
  return parent;
}

int exit_from_task(const Command& each) {
  each.send_signal(SIGTERM);
  return each.wait_exit(kPatience);
}
ATOLL_TASK(exit_from_task);

void ends(const std::string&) {
  std::cout << "statuses: " << exit_of(command("true")) << " " << exit_of(shell("exit 3")) << " "
            << exit_of(shell("kill -9 $$")) << std::endl;
  const Command failed = shell("exit 3").start();
  failed.wait_exit(kPatience);
  say_error("after its end", [&] { failed.pid(); });
  std::cout << "ended: " << (failed.state() == Atoll::CommandState::kEnded) << std::endl;
  say_error("not there", [] { command("no-such-program").restarts(5).start().wait_ready(kPatience); });
  say_error("not executable", [] { command("/etc/passwd").start().wait_ready(kPatience); });
  say_error("no such directory", [] { command("true").directory("/nowhere").start().wait_exit(kPatience); });
  say_error("bad check", [] { command("sleep", "60").health_check({"no-such-check"}).start().wait_ready(kPatience); });
  say_error("empty", [] { command("").start(); });
  say_error("two ways", [] { command("true").ready_when({"true"}).ready_when_listening(80).start(); });
  say_error("never", [] { command("true").gpus(1000).start().wait_ready(kPatience); });
  say_error("no handle", [] { Command().wait_exit(); });
  const Command sleeper = command("sleep", "600").start();
  say_error("still runs", [&] { sleeper.wait_exit(milliseconds(1)); });
  sleeper.wait_ready(kPatience);
  std::cout << "running: " << (sleeper.state() == Atoll::CommandState::kRunning) << std::endl;
  say_error("no signal", [&] { sleeper.send_signal(1000); });
  std::cout << "from a task: " << Atoll::task(exit_from_task).submit(sleeper).get(kPatience) << std::endl;
  const Command killed = command("sleep", "600").start();
  killed.wait_ready(kPatience);
  killed.kill();
  say_error("killed", [&] { killed.wait_exit(kPatience); });
}

void place(const std::string& folder) {
  const std::vector<Atoll::Needs> bundles(2, {.cpus = 1, .gpus = 1});
  const Atoll::PlacementGroup group =
      Atoll::placement_group(bundles, {.strategy = Atoll::PlacementStrategy::kStrictSpread, .name = "pair"});
  for (int bundle = 0; bundle < 2; ++bundle) {
    const Command shown = shell("echo \"$ATOLL_NODE $ATOLL_GROUP $ATOLL_BUNDLE/$ATOLL_BUNDLES "
                                "gpus=$CUDA_VISIBLE_DEVICES said=$SAID worker=${ATOLL_WORKER-none} in $(pwd)\"; "
                                "for n in $(seq 3 64); do [ ! -e /proc/$$/fd/$n ] || echo open: $n; done; "
                                "echo all seen")
                              .in(group, bundle)
                              .gpus(1)
                              .environment("SAID", "so")
                              .directory(folder)
                              .start();
    std::cout << "placed: " << shown.wait_exit(kPatience) << std::endl;
  }
}

// A server that is killed in three ways, and started anew.
void serve(const std::string& folder) {
  const std::string port = "18473";
  const Command server = command("python3", "-u", "-m", "http.server", port, "--bind", "127.0.0.1")
                             .directory(folder)
                             .name("files")
                             .restarts(3)
                             .on_node("n1")
                             .ready_when_listening(std::stoi(port))
                             .health_check({"test", "!", "-e", folder + "/sick"}, milliseconds(50), seconds(5), 2)
                             .start();
  server.wait_ready(kPatience);
  const std::string fetch = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:" + port + "/').status)";
  std::cout << "fetched: " << exit_of(command("python3", "-c", fetch).on_node("n1")) << std::endl;
  std::cout << "node: " << Atoll::find_command("files").node() << std::endl;
  say_error("port of another", [&] {
    Atoll::CommandOptions idle = command("sleep", "600").on_node("n1").ready_within(milliseconds(500));
    idle.ready_when_listening(std::stoi(port)).start().wait_ready(kPatience);
  });
  server.send_signal(SIGKILL);
  std::cout << "restarted: " << is_restarted(server, 1) << std::endl;
  std::cout << "kill its process: " << server.pid() << std::endl;  // the script does
  std::cout << "from outside: " << is_restarted(server, 2) << std::endl;
  std::fclose(std::fopen((folder + "/sick").c_str(), "w"));
  while (server.state() == Atoll::CommandState::kRunning) std::this_thread::sleep_for(milliseconds(1));
  std::filesystem::remove(folder + "/sick");
  std::cout << "unhealthy: " << is_restarted(server, 3) << std::endl;
  server.send_signal(SIGKILL);
  std::cout << "the last: " << server.wait_exit(kPatience) << std::endl;
  say_error("and then", [&] { server.pid(); });
}

void checks(const std::string& folder) {
  say_error("sick", [] {
    const Command sick = command("sleep", "600").health_check({"false"}, milliseconds(10), seconds(5), 3).start();
    sick.wait_exit(kPatience);
  });
  say_error("hangs", [] {
    Atoll::CommandOptions hangs = command("sleep", "600");
    hangs.health_check({"sleep", "601"}, milliseconds(10), milliseconds(50), 1).start().wait_exit(kPatience);
  });
  const Command late = command("sleep", "600").ready_when({"test", "-e", folder + "/ready"}).start();
  say_error("not yet", [&] { late.wait_ready(milliseconds(300)); });
  std::cout << "starting: " << (late.state() == Atoll::CommandState::kStarting) << std::endl;
  std::fclose(std::fopen((folder + "/ready").c_str(), "w"));
  late.wait_ready(kPatience);
  std::cout << "ready" << std::endl;
}

void leave(const std::string& folder) {
  const std::string files[] = {folder + "/dropped", folder + "/killed", folder + "/left"};
  auto dropped = std::make_unique<Command>(polite(files[0]).start());
  const Command killed = polite(files[1]).start();
  static Command left = polite(files[2]).start();  // to the end of the job
  bool all_up = true;
  for (const std::string& file : files) all_up = is_made(file + ".up") && all_up;
  std::cout << "all up: " << all_up << std::endl;
  const int children[] = {child_of(files[0]), child_of(files[1])};
  std::cout << "their children live: " << (lives(children[0]) && lives(children[1])) << std::endl;
  dropped.reset();
  std::cout << "dropped: " << is_made(files[0]) << std::endl;
  killed.kill();
  std::cout << "killed politely: " << is_made(files[1]) << std::endl;
  std::cout << "their children are gone: " << (is_gone(children[0]) && is_gone(children[1])) << std::endl;
}

// What is beside a command is killed: here its supervisor; there its daemon, by the script, which then makes a file.
void fall(const std::string& folder) {
  const Command here = polite(folder + "/here").restarts(1).start();
  is_made(folder + "/here.up");
  const int process = here.pid(), child = child_of(folder + "/here");
  std::cout << "here: " << (lives(process) && lives(child)) << std::endl;
  ::kill(parent_of(process), SIGKILL);
  std::cout << "here gone: " << (is_gone(process) && is_gone(child)) << std::endl;
  std::cout << "here again: " << is_restarted(here, 1) << std::endl;
  exit_of(shell("exit 7"));
  const Command there = shell("sleep 605 & sleep 606").on_node("n2").start();
  there.wait_ready(kPatience);
  std::cout << "there: " << there.node() << std::endl;
  is_made(folder + "/stop");
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::map<std::string, void (*)(const std::string&)> ways = {
      {"ends", ends}, {"place", place}, {"serve", serve}, {"checks", checks}, {"leave", leave}, {"fall", fall}};
  ways.at(argv[1])(argv[2]);
  std::cout << argv[1] << " done" << std::endl;
}
