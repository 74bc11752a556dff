#pragma once

#include <string>
#include <vector>

#include "runtime/wire/messages.h"

namespace Atoll {

// What `atoll status` prints: a table for people, and the JSON of atoll-status(1).
std::string status_to_text(const StatusReport& report);
std::string status_to_json(const StatusReport& report);

// Columns as wide as their widest cell, two blanks apart; no blanks at a line's end.
std::string format_table(const std::vector<std::vector<std::string>>& rows);

// "12 s", "3 min", "2 h 5 min".
std::string format_seconds(double seconds);

}  // namespace Atoll
