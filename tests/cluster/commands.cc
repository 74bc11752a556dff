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

namespace {

using Atoll::Command;
using Atoll::command;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kPatience = seconds(30);

template <typename Wait>
void say_error(const char* what, Wait wait) {
  try {
    wait();
    std::cout << what << ": no error" << std::endl;
  } catch (const Atoll::ActorDiedError& error) {
    std::cout << what << ": ActorDied " << error.what() << std::endl;
  } catch (const Atoll::TimeoutError& error) {
    std::cout << what << ": Timeout " << error.what() << std::endl;
  } catch (const Atoll::InfeasibleError& error) {
    std::cout << what << ": Infeasible " << error.what() << std::endl;
  } catch (const Atoll::Error& error) {
    std::cout << what << ": Error " << error.what() << std::endl;
  }
}

// Until it was started anew so often and is ready.
bool is_restarted(const Command& each, int times) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (each.restarts() < times)
    if (std::chrono::steady_clock::now() > end) return false;
  return true;
}

int exit_of(Atoll::CommandOptions options) { return options.start().wait_exit(kPatience); }
Atoll::CommandOptions shell(const std::string& script) { return command("sh", "-c", script); }

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
  const Atoll::PlacementGroup group = Atoll::placement_group(
      std::vector<Atoll::Needs>(2, {.cpus = 1, .gpus = 1}), {.strategy = Atoll::PlacementStrategy::kStrictSpread, .name = "pair"});
  for (int bundle = 0; bundle < 2; ++bundle) {
    const Command shown = shell("echo \"$ATOLL_NODE $ATOLL_GROUP $ATOLL_BUNDLE/$ATOLL_BUNDLES gpus=$CUDA_VISIBLE_DEVICES said=$SAID "
                                "worker=${ATOLL_WORKER-none} in $(pwd)\"; "
                                "for n in $(seq 3 64); do [ ! -e /proc/$$/fd/$n ] || echo open: $n; done; echo all seen")
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
  const std::string fetch = "python3 -c \"import urllib.request as r; print(r.urlopen('http://127.0.0.1:" + port + "/').status)\"";
  std::cout << "fetched: " << exit_of(shell(fetch).on_node("n1")) << std::endl;
  std::cout << "node: " << Atoll::find_command("files").node() << std::endl;
  say_error("port of another", [&] {
    command("sleep", "600").on_node("n1").ready_when_listening(std::stoi(port)).ready_within(milliseconds(500)).start().wait_ready(kPatience);
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
    const Command hangs = command("sleep", "600").health_check({"sleep", "601"}, milliseconds(10), milliseconds(50), 1).start();
    hangs.wait_exit(kPatience);
  });
  const Command late = command("sleep", "600").ready_when({"test", "-e", folder + "/ready"}).start();
  say_error("not yet", [&] { late.wait_ready(milliseconds(300)); });
  std::cout << "starting: " << (late.state() == Atoll::CommandState::kStarting) << std::endl;
  std::fclose(std::fopen((folder + "/ready").c_str(), "w"));
  late.wait_ready(kPatience);
  std::cout << "ready" << std::endl;
}

// Told to end by SIGTERM it says so in a file; another file says that it is up, and which process it started.
std::string polite(const std::string& file) {
  return "trap 'sleep 0.1; echo bye > " + file + "; exit 0' TERM; sleep 602 & echo $! > " + file + ".child; mv " + file +
         ".child " + file + ".up; while :; do wait; done";
}

void leave(const std::string& folder) {
  const auto wait_until = [](auto done) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!done() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(milliseconds(1));
    return done();
  };
  const auto wait_for = [&](const std::string& file) {
    return wait_until([&] { return std::filesystem::exists(folder + file); });
  };
  const auto start = [&](const std::string& file) { return shell(polite(folder + file)).on_node("n1").start(); };  // here
  const auto child_of = [&](const std::string& file) {
    int child = 0;
    std::ifstream(folder + file + ".up") >> child;
    return child;
  };
  const auto is_gone = [&](const std::string& file) {
    const int child = child_of(file);
    return child > 0 && wait_until([&] { return ::kill(child, 0) != 0; });
  };
  auto dropped = std::make_unique<Command>(start("/dropped"));
  const Command killed = start("/killed");
  static Command left = start("/left");  // to the end of the job
  left.wait_ready(kPatience);
  std::cout << "all up: " << (wait_for("/dropped.up") && wait_for("/killed.up") && wait_for("/left.up")) << std::endl;
  std::cout << "their children live: " << (::kill(child_of("/dropped"), 0) == 0 && ::kill(child_of("/killed"), 0) == 0) << std::endl;
  dropped.reset();
  std::cout << "dropped: " << wait_for("/dropped") << std::endl;
  killed.kill();
  std::cout << "killed politely: " << wait_for("/killed") << std::endl;
  std::cout << "their children are gone: " << (is_gone("/dropped") && is_gone("/killed")) << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::map<std::string, void (*)(const std::string&)> ways = {
      {"ends", ends}, {"place", place}, {"serve", serve}, {"checks", checks}, {"leave", leave}};
  ways.at(argv[1])(argv[2]);
  std::cout << argv[1] << " done" << std::endl;
}
