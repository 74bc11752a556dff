// A driver for tests/cluster/crowd.sh: crowd N starts N actors at once, has each called, and ends with all of them alive.

#include <atoll/atoll.h>

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <set>
#include <vector>

namespace {

struct Member {
  int process() { return ::getpid(); }
};
ATOLL_ACTOR(Member(), &Member::process);

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const int n = argc > 1 ? std::atoi(argv[1]) : 1;
  std::vector<Atoll::Actor<Member>> members;
  std::vector<Atoll::Ref<int>> answers;
  for (int i = 0; i < n; ++i) {
    members.push_back(Atoll::actor<Member>().cpus(0).create());
    answers.push_back(members.back().call(&Member::process));
  }
  const std::vector<int> processes = Atoll::get(answers);
  std::cout << "processes: " << std::set<int>(processes.begin(), processes.end()).size() << std::endl;
}
