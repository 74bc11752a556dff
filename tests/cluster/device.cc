// A driver that puts what is in GPUs' memory, and brings it back to them; tests/cluster/device.sh says which CUDA runtime it
// finds, and what must come of it.

#include <atoll/atoll.h>

#include <chrono>
#include <iostream>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

namespace {

using Atoll::AnyTensor;
using Atoll::DeviceBuffer;
using Atoll::Ref;
using Atoll::Tensor;

constexpr std::size_t kMiB = std::size_t{1} << 20;

Tensor<float> counted(std::size_t rows, std::size_t columns) {
  std::vector<float> values(rows * columns);
  std::iota(values.begin(), values.end(), 0.0f);
  return Tensor<float>({rows, columns}, values);
}

// The corner of a tensor of whatever type.
double corner(const AnyTensor& tensor) {
  const auto floats = tensor.as<float>();
  return floats.at(floats.shape()[0] - 1, floats.shape()[1] - 1);
}
ATOLL_TASK(corner);

// To a GPU of the worker and back into object memory, turned.
Ref<Tensor<float>> through_gpu(const Ref<Tensor<float>>& tensor, std::size_t rows, std::size_t columns) {
  const DeviceBuffer there = tensor.to_device(1);
  return Atoll::put<float>(there, {rows, columns});
}
double corner_through_gpu(const Tensor<float>& tensor) {
  const Ref<Tensor<float>> back = through_gpu(Atoll::put(tensor), tensor.shape()[0], tensor.shape()[1]);
  return corner(back.get());
}
ATOLL_TASK(corner_through_gpu);

void say(const std::string& what, const auto& value) { std::cout << what << " " << value << "\n" << std::flush; }

std::uint64_t in_use(const Atoll::Cluster& cluster) {
  std::uint64_t bytes = 0;
  for (const Atoll::NodeView& node : cluster.nodes()) bytes += node.object_memory_used;
  return bytes;
}
std::uint64_t use_becomes(const Atoll::Cluster& cluster, std::uint64_t bytes) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (in_use(cluster) != bytes && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return in_use(cluster);
}

void work(const Atoll::Cluster& cluster) {
  const Tensor<float> given = counted(2048, 2048);
  Ref<Tensor<float>> tensor = Atoll::put(given);
  const DeviceBuffer there = tensor.to_device(1);
  say("on GPU", there.device());
  say("bytes", there.bytes());
  Ref<Tensor<float>> again = Atoll::put<float>(there, {2048, 2048});
  say("the same", again.get() == given);
  say("seen by a task of any type", Atoll::task(corner).submit(again).get());
  say("through a worker's GPU", Atoll::task(corner_through_gpu).submit(again).get());
  // Turned on its way: to_device() copies rows.
  const DeviceBuffer turned = Atoll::put(given.transposed()).to_device(0);
  say("turned", Atoll::put<float>(turned, {2048, 2048}).get() == given.transposed());
  // More than one registered piece, and a few bytes.
  const Ref<std::vector<char>> long_one = Atoll::put(std::vector<char>(100 * kMiB, 'x'));
  say("in pieces", Atoll::put(long_one.to_device(0)).get().size() == 100 * kMiB);
  say("few bytes", Atoll::put(Atoll::put(std::string("few")).to_device(0)).get().size());
  try {
    (void)Atoll::put<double>(there, {5});
  } catch (const Atoll::ShapeError& error) {
    say("wrong shape:", error.what());
  }
  const auto refused = [](const DeviceBuffer& buffer) {
    try {
      (void)Atoll::put(buffer);
    } catch (const Atoll::DeviceError& error) {
      say("refused:", error.what());
    }
  };
  refused(DeviceBuffer(there.data(), there.bytes(), 7));
  tensor = {};
  again = {};
  // What was begun and refused has left nothing.
  say("left", use_becomes(cluster, 100 * kMiB + 4096));
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  try {
    work(cluster);
  } catch (const Atoll::DeviceError& error) {
    say("no GPU:", error.what());
  }
  std::cout << "all done\n";
}
