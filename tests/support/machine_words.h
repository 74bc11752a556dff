#pragma once

#include <string>

#include "topology/machine.h"

// A machine in few words, for comparison in tests.
namespace Atoll::testing {

// "0-1:4 0-2:4s": pairs, lanes, s for a switch.
inline std::string links_of(const Machine& machine) {
  std::string text;
  for (const Link& link : machine.links)
    text += (text.empty() ? "" : " ") + std::to_string(link.a) + "-" + std::to_string(link.b) + ":" +
            std::to_string(link.lanes) + (link.via_switch ? "s" : "");
  return text;
}

// The NICs of a GPU, nearest first, a blank between them.
inline std::string nics_of(const Machine& machine, int gpu) {
  std::string text;
  for (const std::string& nic : find_gpu(machine, gpu)->nics) text += (text.empty() ? "" : " ") + nic;
  return text;
}

// Whether a warning holds these words; for "" whether there is any.
inline bool warns(const Machine& machine, const std::string& words) {
  for (const std::string& warning : machine.warnings)
    if (warning.find(words) != std::string::npos) return true;
  return false;
}

}  // namespace Atoll::testing
