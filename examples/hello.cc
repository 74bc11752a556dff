#include <atoll/atoll.h>

#include <iostream>

int square(int n) { return n * n; }
ATOLL_TASK(square);

struct Sum {
  int total = 0;
  int add(int n) { return total += n; }
};
ATOLL_ACTOR(Sum(), &Sum::add);

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const Atoll::Actor<Sum> sum = Atoll::actor<Sum>().create();
  Atoll::Ref<int> total;
  for (int n = 1; n <= 10; ++n) total = sum.call(&Sum::add, Atoll::task(square).submit(n));
  std::cout << "1 + 4 + ... + 100 = " << total.get() << ", on " << cluster.nodes().size() << " nodes\n";
}
