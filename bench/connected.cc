// The least driver: says at what time, in seconds of the epoch, it was connected to its cluster and had the result of a first
// task. For bench/startup and bench/plugin.

#include <atoll/atoll.h>

#include <chrono>
#include <cstdio>

int one() { return 1; }
ATOLL_TASK(one);

void say(const char* what) {
  const std::chrono::duration<double> time = std::chrono::system_clock::now().time_since_epoch();
  std::printf("%s %.6f\n", what, time.count());
}

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  say("connected");
  if (Atoll::task(one).submit().get() == 1) say("result");
}
