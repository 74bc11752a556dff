#include "topology/link_speed.h"

#include <doctest/doctest.h>

using namespace Atoll;

TEST_CASE("a lane of NVLink carries what NCCL says of its generation") {
  const struct {
    int compute_capability;
    double gbps;
    int lanes;
  } cases[] = {{60, 18, 4},  {61, 18, 4},    {70, 20, 6},     {75, 20, 6},     {80, 20, 12}, {86, 12, 4},
               {89, 20, 12}, {90, 20.6, 18}, {100, 40.1, 18}, {103, 40.1, 18}, {0, 20, 18},  {35, 20, 18}};
  for (const auto& [compute_capability, gbps, lanes] : cases) {
    CAPTURE(compute_capability);
    CHECK(nvlink_lane_gbps(compute_capability) == gbps);
    CHECK(nvlink_lanes(compute_capability) == lanes);
  }
}

TEST_CASE("a lane of XGMI carries what RCCL says of its architecture or GPU") {
  const struct {
    const char* name;
    double gbps;
  } cases[] = {{"906", 24},
               {"gfx908", 24},
               {"910", 36},
               {"gfx90a", 36},
               {"gfx90a:sramecc+:xnack-", 36},
               {"940", 48},
               {"gfx942", 48},
               {"gfx950", 48},
               {"", 24},
               {"AMD Instinct MI100", 24},
               {"Instinct MI50", 24},
               {"AMD Instinct MI250X", 36},
               {"MI300A", 48},
               {"AMD_Instinct_MI355X", 48}};
  for (const auto& [name, gbps] : cases) {
    CAPTURE(name);
    CHECK(xgmi_lane_gbps(name) == gbps);
  }
}

TEST_CASE("the name of a GPU tells its compute capability, if it is known") {
  const struct {
    const char* model;
    int compute_capability;
  } cases[] = {{"Tesla P100-SXM2-16GB", 60},
               {"Tesla V100-SXM3-32GB-H", 70},
               {"NVIDIA A100-SXM4-40GB", 80},
               {"NVIDIA_A100_80GB_PCIe", 80},
               {"NVIDIA RTX A6000", 86},
               {"NVIDIA GeForce RTX 3090", 86},
               {"NVIDIA H100 80GB HBM3", 90},
               {"h100", 90},
               {"NVIDIA GH200 480GB", 90},
               {"NVIDIA H200 NVL", 90},
               {"NVIDIA B200", 100},
               {"NVIDIA GB200", 100},
               {"NVIDIA GB300", 103},
               {"NVIDIA A10", 0},
               {"NVIDIA A1000", 0},
               {"Tesla T4", 0},
               {"NVIDIA L40S", 0},
               {"", 0}};
  for (const auto& [model, capability] : cases) {
    CAPTURE(model);
    CHECK(compute_capability(model) == capability);
  }
}
