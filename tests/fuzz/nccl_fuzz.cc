// Topology files of NCCL are read or refused, and what they make keeps the rules of a machine.
#include "tests/support/fuzz_target.h"
#include "tests/support/machine_rules.h"
#include "topology/nccl_xml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Atoll::Result<Atoll::Machine> machine = Atoll::parse_nccl({reinterpret_cast<const char*>(data), size});
  if (!machine.ok()) return 0;
  Atoll::testing::check_rules(*machine);
  Atoll::testing::check_nics(*machine);
  return 0;
}

Atoll::testing::FuzzTarget Atoll::testing::fuzz_target() {
  return {
      "nccl",
      {"<system version=\"1\">\n<cpu numaid=\"0\" affinity=\"0000000f\">\n<pci busid=\"0000:a0:00.0\">\n"
       "<pci busid=\"0000:01:00.0\"><gpu dev=\"0\" sm=\"90\"><nvlink target=\"0000:02:00.0\" count=\"4\" "
       "tclass=\"0x030200\"/>\n"
       "<nvlink target=\"fffffff:ff:ff.0\" count=\"2\" tclass=\"0x068000\"/></gpu></pci>\n"
       "<pci busid=\"0000:02:00.0\"><gpu dev=\"1\" sm=\"80\"><nvlink target=\"0000:01:00.0\" count=\"3\" "
       "tclass=\"0x030200\"/>\n"
       "<nvlink target=\"0000:c1:00.0\" count=\"1\" tclass=\"0x068000\"/></gpu></pci>\n"
       "<pci busid=\"0000:03:00.0\"><nic><net name=\"mlx5_0\" port=\"1\" guid=\"0x1\"/></nic></pci></pci>\n"
       "</cpu>\n<cpu numaid=\"1\" affinity=\"000000f0\"><nic><net name=\"mlx5_0\" port=\"1\"/></nic></cpu></system>\n",
       "<system version=\"2\"><cpu numaid=\"-1\"><pci busid=\"0000:01:00.0\"><gpu dev=\"0\" gcn=\"gfx942\">"
       "<xgmi target=\"0000:02:00.0\" count=\"1\"/></gpu></pci><pci busid=\"0000:02:00.0\"><gpu dev=\"1\" gcn=\"908\">"
       "<xgmi target=\"0000:01:00.0\" count=\"1\"/></gpu></pci></cpu></system>"},
      {"<gpu dev=\"0\"/>",
       "<pci>",
       "</pci>",
       "<cpu numaid=\"4095\">",
       "</cpu>",
       "<gpu>",
       "</gpu>",
       "<system>",
       "</system>",
       "<nvlink target=\"0000:01:00.0\" count=\"1024\"/>",
       "count=\"-1\"",
       "dev=\"99999999999\"",
       "<![CDATA[",
       "]]>",
       "<!--",
       "-->",
       "<!DOCTYPE a [",
       "]>",
       "&amp;",
       "&#0;",
       "&#x10ffff;",
       "\"",
       "'",
       "<",
       ">",
       "/",
       "=",
       "ffffffff,",
       std::string(1, '\0'),
       "\xff"}};
}
