#include "topology/gpu_environment.h"

#include <doctest/doctest.h>

#include "topology/binding.h"
#include "topology/gpu_maker.h"
#include "topology/source.h"
#include "topology/text.h"

using namespace Atoll;

namespace {

Machine load(const std::string& name) {
  Machine machine = load_source("tests/topologies/" + name + ".topo").value();
  machine.synthetic = false;
  return machine;
}

std::vector<GpuInfo> pick(const Machine& machine, const std::vector<int>& indices) {
  std::vector<GpuInfo> gpus;
  for (int index : indices) gpus.push_back(*find_gpu(machine, index));
  return gpus;
}

}  // namespace

TEST_CASE("a GPU's maker is told by its links and its model") {
  const struct {
    const char* model;
    Maker maker;
  } cases[] = {{"", Maker::kNvidia},
               {"NVIDIA H100 80GB HBM3", Maker::kNvidia},
               {"Tesla_P100", Maker::kNvidia},
               {"MIG 1g.5gb", Maker::kNvidia},
               {"AMD Instinct MI300X", Maker::kAmd},
               {"MI250X", Maker::kAmd},
               {"Radeon_RX_7900", Maker::kAmd},
               {"gfx90a", Maker::kAmd}};
  for (const auto& [model, maker] : cases) {
    CAPTURE(model);
    Machine machine;
    machine.gpus = {{0, "", "", model, {}, {}}, {1, "", "", model, {}, {}}};
    CHECK(maker_of(machine, machine.gpus[0]) == maker);
    machine.links = {{0, 1, LinkKind::kXgmi, false, 1, 36}};
    CHECK(maker_of(machine, machine.gpus[0]) == Maker::kAmd);
  }
}

TEST_CASE("AMD's GPUs are shown by index to ROCr, and counted by HIP") {
  const Machine machine = load("mi250");
  CHECK(visible_gpus(machine, pick(machine, {6, 7, 2})) == Environment{{"ROCR_VISIBLE_DEVICES", "6,7,2"},
                                                                       {"HIP_VISIBLE_DEVICES", "0,1,2"},
                                                                       {"CUDA_VISIBLE_DEVICES", "0,1,2"},
                                                                       {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}});
}

TEST_CASE("a worker without GPUs sees none of either maker") {
  CHECK(visible_gpus(load("mi250"), {}) == Environment{{"ROCR_VISIBLE_DEVICES", ""},
                                                       {"HIP_VISIBLE_DEVICES", "-1"},
                                                       {"CUDA_VISIBLE_DEVICES", ""},
                                                       {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}});
  CHECK(visible_gpus(load("dgx1-v100"), {}) ==
        Environment{{"CUDA_VISIBLE_DEVICES", ""}, {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}});
}

TEST_CASE("GPUs of both makers are each shown by their own variable") {
  const Machine machine =
      parse_machine("gpu 0 uuid GPU-a model GTX_1070\ngpu 1 model AMD_Vega\ngpu 2 uuid GPU-c model GTX_1070").value();
  CHECK(visible_gpus(machine, pick(machine, {2, 1, 0})) == Environment{{"ROCR_VISIBLE_DEVICES", "1"},
                                                                       {"HIP_VISIBLE_DEVICES", "0"},
                                                                       {"CUDA_VISIBLE_DEVICES", "GPU-c,GPU-a"},
                                                                       {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}});
}

TEST_CASE("a worker is told the NICs of its GPUs, nearest first, each once") {
  const Machine machine = load("dgx1-v100");
  CHECK(nic_hints(machine, pick(machine, {4, 0, 1}), {}) == Environment{{"ATOLL_NICS", "mlx5_2,mlx5_0"},
                                                                        {"ATOLL_NET_DEVICES", "mlx5_2:1,mlx5_0:1"},
                                                                        {"NCCL_IB_HCA", "=mlx5_2,mlx5_0"}});
}

TEST_CASE("Slingshot's NICs have no port and are none of NCCL's") {
  const Machine machine = load("mi250");
  CHECK(nic_hints(machine, pick(machine, {2}), {}) ==
        Environment{{"ATOLL_NICS", "hsi1"}, {"ATOLL_NET_DEVICES", "hsi1"}});
}

TEST_CASE("what the user set of the NIC hints stays") {
  const Machine machine = load("dgx1-v100");
  for (const char* value : {"mlx5_3", ""}) {
    const Environment hints = nic_hints(machine, pick(machine, {0}), {{"NCCL_IB_HCA", value}});
    CHECK_FALSE(hints.contains("NCCL_IB_HCA"));
    const Binding binding =
        bind_worker(machine, whole_machine(machine), pick(machine, {0}), Fixed::whole(1), {{"NCCL_IB_HCA", value}});
    CHECK_FALSE(binding.environment.contains("NCCL_IB_HCA"));
    CHECK(binding.environment.at("ATOLL_NICS") == "mlx5_0");
  }
}

TEST_CASE("nobody is sent to NICs that are unknown or only described") {
  Machine machine = load("a100-pairs");
  CHECK(nic_hints(machine, pick(machine, {0}), {}) == Environment{{"ATOLL_NICS", ""}});
  machine = load("dgx1-v100");
  machine.synthetic = true;
  CHECK(nic_hints(machine, pick(machine, {0}), {}) == Environment{{"ATOLL_NICS", "mlx5_0"}});
}

TEST_CASE("our own connections are never confined to a GPU's NICs") {
  const Machine machine = load("dgx1-v100");
  CHECK_FALSE(bind_worker(machine, whole_machine(machine), machine.gpus, Fixed::whole(1))
                  .environment.contains("UCX_NET_DEVICES"));
}
