// A driver that gives handles to actors away, in all the ways there are, and drops its own; and one whose workers own what others
// have. tests/cluster/handles.sh says what must come of it.
//   handles FOLDER   an actor that ends in good order makes a file there

#include <atoll/atoll.h>

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/driver_words.h"

namespace {

using Atoll::Actor;
using Atoll::Ref;
using Atoll::testing::say_error;
using Atoll::testing::wait_for_file;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Its file says how often it was called.
class Guest {
 public:
  explicit Guest(std::string file) : file_(std::move(file)) {}
  ~Guest() {
    std::ofstream(file_ + ".new") << calls_;
    std::filesystem::rename(file_ + ".new", file_);
  }
  int call() { return ++calls_; }

 private:
  std::string file_;
  int calls_ = 0;
};
ATOLL_ACTOR(Guest(std::string), &Guest::call);

struct Party {
  std::string label;
  std::vector<Actor<Guest>> guests;
  ATOLL_FIELDS(label, guests)
};

class Keeper {
 public:
  Keeper() = default;
  void keep(Actor<Guest> guest) { kept_.push_back(std::move(guest)); }
  void keep_value(Ref<Party> party) { party_ = std::move(party); }
  void keep_command(Atoll::Command command) { command_ = std::move(command); }
  void pass(Actor<Keeper> to) const { to.call(&Keeper::keep, kept_.front()).get(); }
  int ask() const { return kept_.front().call(&Guest::call).get(); }
  int ask_value() const { return party_.get().guests.front().call(&Guest::call).get(); }
  bool ask_command() const { return command_.pid() > 0; }
  void forget() { kept_.clear(), party_ = {}, command_ = {}; }
  int process() const { return ::getpid(); }
  bool runs(int process) const { return ::kill(process, 0) == 0; }

 private:
  std::vector<Actor<Guest>> kept_;
  Ref<Party> party_;
  Atoll::Command command_;
};
ATOLL_ACTOR(Keeper(), &Keeper::keep, &Keeper::keep_value, &Keeper::keep_command, &Keeper::pass, &Keeper::ask, &Keeper::ask_value,
            &Keeper::ask_command, &Keeper::forget, &Keeper::process, &Keeper::runs);

// For so long, in which it would have ended if it were to.
constexpr milliseconds kLong{700};

template <typename Ask>
bool goes_on(Ask ask) {
  const auto end = std::chrono::steady_clock::now() + kLong;
  while (std::chrono::steady_clock::now() < end)
    if (ask() <= 0) return false;
  return true;
}

bool use(const Actor<Guest>& guest) {
  return goes_on([&] { return guest.call(&Guest::call).get(); });
}
ATOLL_TASK(use);
// Calls it and is gone.
void leave_calls(const Actor<Guest>& guest, int count) {
  for (int i = 0; i < count; ++i) guest.call(&Guest::call);
}
ATOLL_TASK(leave_calls);
Actor<Guest> give_back(const Party& party) { return party.guests.at(0); }
ATOLL_TASK(give_back);
// What is returned is this worker's own.
std::pair<Actor<Guest>, int> make(const std::string& file) { return {Atoll::actor<Guest>().create(file), ::getpid()}; }
ATOLL_TASK(make);
std::pair<Ref<std::vector<int>>, int> make_value() { return {Atoll::put(std::vector<int>{1, 2, 3}), ::getpid()}; }
ATOLL_TASK(make_value);
int do_nothing() { return ::getpid(); }
ATOLL_TASK(do_nothing);

template <typename T>
void say(const std::string& what, const T& value) {
  std::cout << what << " " << value << std::endl;
}

class Handles {
 public:
  Handles(const Atoll::Cluster& cluster, std::string folder)
      : folder_(std::move(folder)), near_(cluster.nodes().front().name), far_(cluster.nodes().back().name) {
    for (const std::string& node : {near_, far_}) keepers_.push_back(Atoll::actor<Keeper>().on_node(node).create());
  }

  void run() {
    arguments();
    values();
    keepers();
    results();
    killed();
    commands();
    by_name();
    owners();
  }

 private:
  std::string file(const std::string& name) const { return folder_ + "/" + name; }
  Actor<Guest> guest(const std::string& name) const { return Atoll::actor<Guest>().create(file(name)); }
  // Says how often it was called once it has ended.
  void say_ended(const std::string& name) const {
    wait_for_file(file(name));
    int calls = 0;
    std::ifstream(file(name)) >> calls;
    say("ended, " + name + ":", calls);
  }
  const Actor<Keeper>& far() const { return keepers_.back(); }
  const Actor<Keeper>& near() const { return keepers_.front(); }

  void arguments() {
    Actor<Guest> mine = guest("argument");
    const Ref<bool> used = Atoll::task(use).submit(mine);
    mine = {};
    say("an argument keeps it", used.get());
    wait_for_file(file("argument"));
    mine = guest("calls");
    Atoll::task(leave_calls).submit(mine, 1000);
    mine = {};
    say_ended("calls");
  }

  void values() {
    Actor<Guest> mine = guest("value");
    Ref<Party> party = Atoll::put(Party{"party", {mine}});
    mine = {};
    say("a value keeps it", goes_on([&] { return party.get().guests.front().call(&Guest::call).get(); }));
    far().call(&Keeper::keep_value, party).get();
    party = {};
    say("a value that another has keeps it", goes_on([&] { return far().call(&Keeper::ask_value).get(); }));
    far().call(&Keeper::forget).get();
    wait_for_file(file("value"));
  }

  void keepers() {
    Actor<Guest> mine = guest("kept");
    far().call(&Keeper::keep, mine).get();
    mine = {};
    far().call(&Keeper::pass, near()).get();
    far().call(&Keeper::forget).get();
    say("an actor keeps what another passed it", goes_on([&] { return near().call(&Keeper::ask).get(); }));
    near().call(&Keeper::forget).get();
    wait_for_file(file("kept"));
  }

  void results() {
    Actor<Guest> mine = guest("result");
    Ref<Actor<Guest>> back = Atoll::task(give_back).submit(Party{"party", {mine}});
    mine = {};
    mine = back.get();
    back = {};
    say("a result brings it", goes_on([&] { return mine.call(&Guest::call).get(); }));
    mine = {};
    wait_for_file(file("result"));
  }

  void killed() {
    const Actor<Keeper> victim = Atoll::actor<Keeper>().on_node(near_).create();  // this process's
    Actor<Guest> mine = guest("killed");
    victim.call(&Keeper::keep, mine).get();
    mine = {};
    say("until who has it", goes_on([&] { return victim.call(&Keeper::ask).get(); }));
    ::kill(victim.call(&Keeper::process).get(), SIGKILL);
    wait_for_file(file("killed"));
    say("is killed", 1);
  }

  void commands() {
    const std::string end = file("command");
    {
      const Atoll::Command command =
          Atoll::command("bash", "-c", "trap 'touch " + end + "; exit' TERM; while :; do sleep 0.05; done").start();
      command.wait_ready(seconds(20));
      far().call(&Keeper::keep_command, command).get();
    }
    say("a command likewise", goes_on([&] { return far().call(&Keeper::ask_command).get(); }));
    far().call(&Keeper::forget).get();
    wait_for_file(end);
  }

  void by_name() {
    Actor<Guest> mine = Atoll::actor<Guest>().name("guest").create(file("named"));
    const Actor<Guest> found = Atoll::find_actor<Guest>("guest");
    (void)found.call(&Guest::call).get();
    mine = {};
    say_ended("named");
    say_error("by its name", [&] { found.call(&Guest::call).get(); });
  }

  // Workers end when they have idled for a second (handles.sh), but for these: what owns nothing comes later and goes before.
  void owners() {
    auto made = Atoll::task(make).cpus(0.5).on_node(far_).submit(file("made")).get();
    auto value = Atoll::task(make_value).cpus(1).on_node(far_).submit().get();
    for (int i = 0; i < 2; ++i) await_end(Atoll::task(do_nothing).cpus(2).on_node(far_).submit().get());
    say("workers that own what others have stay", runs(made.second) + runs(value.second));
    say("an actor of one", made.first.call(&Guest::call).get());
    say("a value of one", value.first.get().size());
    made.first = {};
    value.first = {};
    wait_for_file(file("made"));
    await_end(made.second);
    await_end(value.second);
    say("they end", 2);
  }

  bool runs(int process) const { return far().call(&Keeper::runs, process).get(); }
  // Within 20 s.
  void await_end(int process) const {
    const auto limit = std::chrono::steady_clock::now() + seconds(20);
    while (runs(process)) {
      if (std::chrono::steady_clock::now() > limit) throw std::runtime_error("a worker has not ended within 20 s");
      std::this_thread::sleep_for(milliseconds(20));
    }
  }

  std::string folder_;
  std::string near_, far_;
  std::vector<Actor<Keeper>> keepers_;
};

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  if (argc != 2) return 2;
  Handles(cluster, argv[1]).run();
  std::cout << "all done" << std::endl;
}
