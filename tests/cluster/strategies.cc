// Tasks and actors that choose their nodes, for strategies.sh: prints what became of each, one line a question.

#include <atoll/atoll.h>

#include <iostream>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace Atoll;

std::string where_am_i() { return this_worker().node; }

// An actor that says where it lives.
class Resident {
 public:
  std::string node() { return this_worker().node; }
};

ATOLL_TASK(where_am_i);
ATOLL_ACTOR(Resident(), &Resident::node);

template <typename Ask>
void print(const std::string& question, const Ask& ask) {
  std::cout << question << ": ";
  try {
    std::cout << ask() << "\n";
  } catch (const InfeasibleError& error) {
    std::cout << "Infeasible: " << error.what() << "\n";
  } catch (const Error& error) {
    std::cout << "Error: " << error.what() << "\n";
  }
}

// The nodes of ten tasks, in order.
std::string nodes_of(const Task<std::string (*)()>& task) {
  std::vector<Ref<std::string>> refs;
  for (int i = 0; i < 10; ++i) refs.push_back(task.submit());
  std::set<std::string> nodes;
  for (const Ref<std::string>& ref : refs) nodes.insert(ref.get());
  std::string text;
  for (const std::string& node : nodes) text += (text.empty() ? "" : " ") + node;
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  Cluster cluster = connect(argc, argv);
  const auto here = [] { return task(where_am_i); };
  // First, while every node is idle: a lease that lingers counts as used.
  print("three", [&] {
    std::set<std::string> nodes;
    std::vector<Actor<Resident>> residents;
    for (int i = 0; i < 3; ++i) residents.push_back(actor<Resident>().cpus(1).spread().create());
    for (const Actor<Resident>& resident : residents) nodes.insert(resident.call(&Resident::node).get());
    return std::to_string(nodes.size()) + " nodes";
  });
  print("hard", [&] { return nodes_of(here().on_node("n2")); });
  print("soft", [&] { return here().on_node("n9", Affinity::kSoft).submit().get().substr(0, 1); });
  print("labels", [&] { return nodes_of(here().where({{"node", "!in(n1, n3)"}})); });
  print("resident", [&] { return actor<Resident>().on_node("n3").create().call(&Resident::node).get(); });
  print("unknown", [&] { return nodes_of(here().on_node("n9")); });
  print("or else", [&] { return nodes_of(here().where({{"zone", "a"}}).or_where({{"node", "n3"}})); });
  print("or nothing", [&] { return nodes_of(here().or_where({{"node", "n3"}})); });
  print("nobody", [&] { return nodes_of(here().where({{"zone", "a"}})); });
  print("malformed", [&] { return nodes_of(here().where({{"zone", "in(a,"}})); });
  print("contradiction", [&] { return nodes_of(here().spread().on_node("n2")); });
}
