#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/scheduler/group.h"

namespace Atoll {

// One condition of a LabelSelector: "a" is one value, "in(a,b)" several, "!" in front says none of them.
struct LabelRule {
  std::string key;
  bool negated = false;
  std::vector<std::string> values;
  friend bool operator==(const LabelRule&, const LabelRule&) = default;
};

// kInvalidArgument says which label cannot be read. White space around values is no part of them.
Result<std::vector<LabelRule>> parse_selector(const LabelSelector& selector);

// Whether all rules hold. A node without the label has none of the values: a negated rule holds.
bool matches(const std::vector<LabelRule>& rules, const std::map<std::string, std::string>& labels);

}  // namespace Atoll
