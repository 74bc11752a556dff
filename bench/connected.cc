// The least driver: says at what time, in seconds of the epoch, it was connected to its cluster. For bench/startup.

#include <atoll/atoll.h>

#include <chrono>
#include <cstdio>

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::chrono::duration<double> time = std::chrono::system_clock::now().time_since_epoch();
  std::printf("connected %.6f\n", time.count());
}
