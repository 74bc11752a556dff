// A driver one of whose nodes is cut off the network, so that nothing comes back from it, not even that it is gone;
// tests/cluster/cut.sh says what must come of it.
//   cut FOLDER   the file FOLDER/cut says that n3 is cut off

#include <atoll/atoll.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Atoll::Affinity;
using Atoll::Array;
using Atoll::Ref;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kCount = 1 << 20;

Array<double> make() { return std::vector<double>(kCount, 0.5); }
ATOLL_TASK(make);

double last_of(const Array<double>& values) { return values[values.size() - 1]; }
ATOLL_TASK(last_of);

int pulse() { return 1; }
ATOLL_TASK(pulse);

// The longest of the tasks that ran one after the other on n2, in ms. The pauses are longer than a lease lingers, so that
// each asks n2's daemon for a new one.
long slowest_pulse(seconds during) {
  Clock::duration slowest{};
  for (const auto end = Clock::now() + during; Clock::now() < end; std::this_thread::sleep_for(milliseconds(20))) {
    const auto begin = Clock::now();
    Atoll::task(pulse).on_node("n2").submit().get(seconds(60));
    slowest = std::max(slowest, Clock::now() - begin);
  }
  return std::chrono::duration_cast<milliseconds>(slowest).count();
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::string folder = argv[1];
  const Ref<Array<double>> far = Atoll::task(make).on_node("n3", Affinity::kSoft).submit();
  Atoll::wait(std::vector{far}, 1, seconds(60));
  std::cout << "before " << slowest_pulse(seconds(1)) << " ms" << std::endl;

  for (const auto limit = Clock::now() + seconds(60); !std::filesystem::exists(folder + "/cut") && Clock::now() < limit;)
    std::this_thread::sleep_for(milliseconds(5));
  const Ref<double> read = Atoll::task(last_of).on_node("n2").submit(far);
  std::cout << "after " << slowest_pulse(seconds(6)) << " ms" << std::endl;
  std::cout << "read " << read.get(seconds(60)) << std::endl;
}
