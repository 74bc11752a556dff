#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"

namespace Atoll {

// Processors (hardware threads) by the operating system's numbers: ascending, each once.
using CpuList = std::vector<int>;

// Parses the kernel's list form, "0-3,8,10-11", as Slurm writes GPU lists too. "" is no CPU.
// kInvalidArgument for anything else, and for numbers above 65,535.
Result<CpuList> parse_cpu_list(std::string_view text);

// "0-3,8"; "" for none.
std::string to_string(const CpuList& cpus);

// What is in both; what is in either.
CpuList intersect(const CpuList& a, const CpuList& b);
CpuList unite(const CpuList& a, const CpuList& b);

}  // namespace Atoll
