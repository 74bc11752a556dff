#include "topology/nvidia_smi_lines.h"

#include <algorithm>

#include "topology/words.h"

namespace Atoll {

namespace {

constexpr char kEscape = '\x1b';
constexpr std::size_t kMaxLines = 500'000;

// The length of "[4m", "[0;31m" and the like at the beginning of `text`; 0 if there is none. Behind an ESC any letter
// ends it, without one only m does.
std::size_t escape_length(std::string_view text, bool behind_escape) {
  if (!text.starts_with('[')) return 0;
  const std::size_t end = text.find_first_not_of("0123456789;?", 1);
  if (end == std::string_view::npos) return 0;
  const bool letter = (text[end] >= 'A' && text[end] <= 'Z') || (text[end] >= 'a' && text[end] <= 'z');
  return text[end] == 'm' || (behind_escape && letter) ? end + 1 : 0;
}

std::string without_escapes(std::string_view line) {
  std::string plain;
  plain.reserve(line.size());
  for (std::size_t at = 0; at < line.size();) {
    const bool escape = line[at] == kEscape;
    const std::size_t length = escape_length(line.substr(at + (escape ? 1 : 0)), escape);
    if (!escape && length == 0) plain.push_back(line[at]);
    at += length + (escape || length == 0 ? 1 : 0);
  }
  return plain;
}

// Without what srun -l puts before it, the number of the task and ": ".
std::string without_task(std::string line) {
  const std::size_t digit = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t end = line.find_first_not_of("0123456789", digit);
  if (end == std::string::npos || end == digit || line.compare(end, 2, ": ") != 0) return line;
  return line.substr(end + 2);
}

}  // namespace

Result<std::vector<SmiLine>> read_smi_lines(std::string_view text) {
  std::vector<SmiLine> lines;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    SmiLine line{number, without_task(without_escapes(text.substr(0, end))), end == text.size()};
    text.remove_prefix(end);
    text.remove_prefix(text.starts_with("\r\n") ? 2 : text.empty() ? 0 : 1);
    if (trim(line.text).empty()) continue;
    if (lines.size() == kMaxLines) return smi_error(line, "too many lines");
    lines.push_back(std::move(line));
  }
  return lines;
}

Status smi_error(const SmiLine& line, const std::string& why) {
  return Status(Code::kInvalidArgument, "line " + std::to_string(line.number) + ": " + why);
}

}  // namespace Atoll
