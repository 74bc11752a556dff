#pragma once

#include <string>
#include <vector>

#include "launcher/doctor_facts.h"

namespace Atoll {

enum class Health : std::uint8_t { kOk, kSkipped, kWarning, kFailed };

// "ok", "skipped", "warning", "failed".
const char* to_string(Health health);

// One thing that was looked at.
struct Finding {
  std::string check;  // a stable name, listed in atoll-doctor(1)
  Health health = Health::kOk;
  std::vector<std::string> nodes;  // of which it is said
  std::string says;                // what was found
  std::string advice;              // what to do; "" where nothing is
  friend bool operator==(const Finding&, const Finding&) = default;
};

// What is expected.
struct Expectations {
  bool plugin = false;  // that the plugin is installed: not having it is a failure, not a hint
};

// Judges the facts of one node or of several, which are also compared. What holds of several nodes is said once.
std::vector<Finding> judge(const std::vector<NodeFacts>& nodes, const Expectations& expected);

// Whether nothing has failed.
bool all_well(const std::vector<Finding>& findings);

}  // namespace Atoll
