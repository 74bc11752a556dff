// Texts of nvidia-smi are read or refused, and what they make keeps the rules of a machine.
#include "tests/support/fuzz_target.h"
#include "tests/support/machine_rules.h"
#include "topology/nvidia_smi.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Atoll::Result<Atoll::Machine> machine = Atoll::parse_nvidia_smi({reinterpret_cast<const char*>(data), size});
  if (!machine.ok()) return 0;
  Atoll::testing::check_rules(*machine);
  Atoll::testing::check_nics(*machine);
  return 0;
}

Atoll::testing::FuzzTarget Atoll::testing::fuzz_target() {
  return {
      "nvidia_smi",
      {"\tGPU0\tGPU1\tGPU2\tNIC0\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\n"
       "GPU0\t X \tNV4\tSYS\tPIX\t0-3\t0\t\tN/A\nGPU1\tNV4\t X \tNV2\tSYS\t4-7\t1\t\tN/A\n"
       "GPU2\tSYS\tNV2\t X \tNODE\t\t0,3-9,11-17\t\t2\nNIC0\tPIX\tSYS\tNODE\t X \t\t\t\t\n\nNIC Legend:\n\n  NIC0: "
       "mlx5_0\n",
       "        GPU0    GPU1    mlx5_0  CPU Affinity    NUMA Affinity\n"
       "GPU0     X      NV18    PHB     0-3             0\nGPU1    NV18     X      SYS                     1\n",
       "\tGPU0\tGPU1\n GPU0\tX\tNS\n GPU1\tOK\tX\n",
       "GPU 0: NVIDIA A30 (UUID: GPU-a)\n  MIG 1g.6gb      Device  0: (UUID: MIG-1)\nGPU 1: NVIDIA A30 (UUID: GPU-b)\n",
       "Attached GPUs : 1\nGPU 00000000:1B:00.0\n    Product Name : NVIDIA GB200\n    GPU UUID : GPU-a\n    Fabric\n"
       "        State : Completed\n        Status : Success\n        CliqueId : 1\n        ClusterUUID : b2da-1\n"
       "        Health\n            Summary : Healthy\n"},
      {"GPU",
       "GPU1",
       "GPU4095",
       "\tGPU0\tGPU1\n",
       "NV",
       "NV18",
       "NV99999999999",
       " X ",
       "X",
       "SYS",
       "\t",
       "\n",
       "\r",
       "  ",
       "\x1b[4m",
       "[0m",
       "NIC1: ",
       "NIC0",
       "mlx5_",
       "CPU Affinity",
       "NUMA Affinity",
       "GPU NUMA ID",
       "0-65535",
       ",",
       "OK",
       "(UUID: ",
       ")",
       ":",
       "Fabric\n",
       "N/A",
       "MIG Mode\n",
       std::string(1, '\0'),
       "\xff"}};
}
