// Any bytes are a machine that keeps its rules, or are refused with a sentence.
#include "runtime/base/check.h"
#include "tests/support/fuzz_target.h"
#include "tests/support/machine_rules.h"
#include "topology/source.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Atoll::Result<Atoll::Machine> machine = Atoll::parse_source(bytes);
  if (machine.ok())
    Atoll::testing::check_rules(*machine);
  else
    ATOLL_CHECK(!machine.status().message().empty());
  return 0;
}

Atoll::testing::FuzzTarget Atoll::testing::fuzz_target() {
  return {
      "source",
      {"machine a\nnuma 0 cpus 0-3 memory 2048\nnuma 1 cpus 4-7\n# words\ngpu 0 numa 0 uuid GPU-a pci 0000:1b:00.0 "
       "model H100\n"
       "gpu 1 numa 1 uuid GPU-b nics mlx5_0,mlx5_1\n",
       "machine b\ngpu 0\ngpu 1\ngpu 2\nnic mlx5_0\nlink 0 1 nvlink lanes 2\nlink 1 2 xgmi lanes 1 gbps 12.5\nfabric "
       "5f3a.1\n",
       "machine c\ngpu 0\ngpu 1\ngpu 2\nswitch 0-2 lanes 18 gbps 370.8\n",
       "<?xml version=\"1.0\"?>\n<system><cpu numaid=\"0\"><pci busid=\"0000:01:00.0\"><gpu dev=\"0\" "
       "sm=\"90\"/></pci></cpu></system>",
       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n<topology "
       "version=\"2.0\">\n"
       "<object type=\"Machine\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\" allowed_cpuset=\"0x1\" "
       "nodeset=\"0x1\" "
       "complete_nodeset=\"0x1\" allowed_nodeset=\"0x1\">\n<object type=\"NUMANode\" os_index=\"0\" cpuset=\"0x1\" "
       "complete_cpuset=\"0x1\" nodeset=\"0x1\" complete_nodeset=\"0x1\" local_memory=\"1024\"/>\n"
       "<object type=\"PU\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\" nodeset=\"0x1\" "
       "complete_nodeset=\"0x1\"/>\n"
       "</object>\n</topology>\n",
       "\tGPU0\tGPU1\nGPU0\t X \tNV4\nGPU1\tNV4\t X \n", "GPU 0: NVIDIA A30 (UUID: GPU-a)\n"},
      {"gpu 5\n",
       "numa 2\n",
       "link 0 1 nvlink lanes 1\n",
       "switch 0-1 lanes 1\n",
       "gbps inf",
       "gbps nan",
       "gbps 1e308",
       "cpus 0-65535",
       "<",
       "<topology>",
       "<system>",
       "<!--",
       "-->",
       "<?",
       "\xef\xbb\xbf",
       "#",
       "\n",
       "\t",
       " ",
       "GPU0",
       "4095",
       "-1",
       std::string(1, '\0'),
       "\xff"}};
}
