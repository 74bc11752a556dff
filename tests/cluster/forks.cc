// A driver that looks at how its workers were started; its first argument says which of them. tests/cluster/forks.sh
// says what must come of it. A worker is forked if its static initializers ran in another process.

#include <atoll/atoll.h>

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/driver_words.h"

namespace {

using Atoll::Actor;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// What static initializers see, and what the driver alone sets before connect().
const int initialized_in = ::getpid();
const std::string threads_at_start = variable("OMP_NUM_THREADS");
int arguments = 0;

int count_descriptors() {
  int count = 0;
  DIR* const folder = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(folder)) count += entry->d_name[0] != '.';
  ::closedir(folder);
  return count - 1;
}

bool ends_by_sigterm() {
  sigset_t blocked;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  return sigismember(&blocked, SIGTERM) == 0;
}

struct Facts {
  int pid, parent, group, initialized, arguments, descriptors;
  bool sigterm;
  std::string threads, threads_at_start, directory, worker;
  MSGPACK_DEFINE(pid, parent, group, initialized, arguments, descriptors, sigterm, threads, threads_at_start, directory,
                 worker)

  bool forked() const { return initialized != pid; }
};

struct Looker {
  Facts look() {
    std::cout << "said by " << ::getpid() << std::endl;
    return {::getpid(), ::getppid(), ::getpgrp(), initialized_in, arguments, count_descriptors(), ends_by_sigterm(),
            variable("OMP_NUM_THREADS"), threads_at_start, std::filesystem::current_path(), variable("ATOLL_WORKER")};
  }
};
ATOLL_ACTOR(Looker(), &Looker::look);

using Lookers = std::vector<Actor<Looker>>;

Facts start(Lookers& lookers, int cpus) {
  lookers.push_back(Atoll::actor<Looker>().cpus(cpus).create());
  return lookers.back().call(&Looker::look).get();
}

Facts start_first() {
  Lookers lookers;
  return start(lookers, 1);
}

// Starts actors until one is forked, or for 20 s.
Facts start_forked(int cpus, int warm_before = 0) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < end) {
    Lookers lookers;
    const Facts facts = start(lookers, cpus);
    if (facts.forked() && facts.initialized != warm_before) return facts;
  }
  throw std::runtime_error("no worker was forked within 20 s");
}

void print(const Facts& facts) {
  std::cout << (facts.forked() ? "forked " : "executed ") << facts.pid << " parent " << facts.parent << " group "
            << facts.group << " from " << facts.initialized << " arguments " << facts.arguments << " sigterm "
            << facts.sigterm << " threads " << facts.threads << '/' << facts.threads_at_start << " in "
            << facts.directory << " worker [" << facts.worker << "]" << std::endl;
}

void look() {
  const Facts executed = start_first();
  print(executed);
  for (const int cpus : {1, 2}) print(start_forked(cpus));
  const int descriptors = start_forked(1).descriptors;
  std::cout << "descriptors " << descriptors - executed.descriptors << std::endl;
}

// Actors one after the other, and whether any of them was forked.
void all_executed() {
  int forked = 0;
  for (int i = 0; i < 40; ++i) {
    Lookers lookers;
    forked += start(lookers, 1).forked();
  }
  std::cout << "of 40 were forked: " << forked << std::endl;
}

void kill_warm() {
  const Facts before = start_forked(1);
  ::kill(before.initialized, SIGKILL);
  Lookers lookers;
  std::set<int> pids;
  for (int i = 0; i < 8; ++i) pids.insert(start(lookers, 0).pid);
  std::cout << "after the kill " << pids.size() << std::endl;
  lookers.clear();
  std::cout << "from another " << (start_forked(1, before.initialized).initialized != before.initialized) << std::endl;
}

void hold(const std::string& file) {
  Lookers lookers;
  while (!start(lookers, 0).forked()) {
  }
  std::cout << "holds" << std::endl;
  Atoll::testing::wait_for_file(file);
}

}  // namespace

int main(int argc, char** argv) {
  arguments = argc - 1;
  std::printf("prologue of %d, ", ::getpid());  // in the buffer when connect() is called
  const bool with_thread = variable("FORKS_THREAD") == "1";
  std::thread beside;
  if (with_thread) beside = std::thread([] { ::pause(); });
  {
    const Atoll::Cluster cluster = Atoll::connect(argc, argv);
    std::cout << std::endl;
    const std::string way = argc > 1 ? argv[1] : "";
    if (way == "look") look();
    if (way == "executed") all_executed();
    if (way == "kill-warm") kill_warm();
    if (way == "hold") hold(argv[2]);
  }
  std::fflush(stdout);
  std::_Exit(0);  // the thread, if there is one, waits for ever
}
