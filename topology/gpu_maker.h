#pragma once

#include "topology/machine.h"

namespace Atoll {

// Whose drivers and variables a GPU obeys.
enum class Maker : std::uint8_t { kNvidia, kAmd };

// AMD for a GPU with XGMI, or whose model says so (AMD, Radeon, Instinct, MI300X, gfx90a); else NVIDIA, which is also
// what an unknown GPU is taken for.
Maker maker_of(const Machine& machine, const GpuInfo& gpu);

}  // namespace Atoll
