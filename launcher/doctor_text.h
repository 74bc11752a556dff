#pragma once

#include <string>
#include <vector>

#include "launcher/doctor_checks.h"
#include "launcher/topo_text.h"

namespace Atoll {

// What `atoll doctor` prints for people: a line a finding, what to do under it, and one line of what it comes to.
std::string findings_to_text(const std::vector<Finding>& findings, std::size_t nodes, Glyphs glyphs);
// The JSON of atoll-doctor(1).
std::string findings_to_json(const std::vector<Finding>& findings, const std::vector<std::string>& nodes);

}  // namespace Atoll
