#include "launcher/log_view.h"

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace Atoll {
namespace {

constexpr std::size_t kMostRest = 64 * 1024;  // bytes without a line's end

std::string source_of(const LogPrefix& prefix) { return std::string(prefix.node) + ":" + std::string(prefix.pid); }

}  // namespace

LogPrefix prefix_in(std::string_view line) {
  if (!line.starts_with('(')) return {};
  const std::size_t end = line.find(") ");
  if (end == std::string_view::npos) return {};
  const std::string_view words = line.substr(1, end - 1);
  const std::size_t last = words.rfind(' ');
  if (last == std::string_view::npos) return {};
  LogPrefix prefix;
  prefix.pid = words.substr(last + 1);
  const std::string_view before = words.substr(0, last);
  const std::size_t first = before.find(' ');
  prefix.node = first == std::string_view::npos ? before : before.substr(first + 1);
  const bool is_number = !prefix.pid.empty() && prefix.pid.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_number || prefix.node.empty() || prefix.node.find(' ') != std::string_view::npos) return {};
  prefix.whole = line.substr(0, end + 2);
  return prefix;
}

std::string colour(const LogPrefix& prefix) {
  static constexpr const char* kColours[] = {"\033[36m", "\033[35m", "\033[33m", "\033[32m", "\033[34m", "\033[96m"};
  const std::size_t place = std::hash<std::string>()(source_of(prefix)) % std::size(kColours);
  return kColours[place] + std::string(prefix.whole.substr(0, prefix.whole.size() - 1)) + "\033[0m ";
}

bool wants_colour(int fd, const Environment& environment) {
  return ::isatty(fd) == 1 && lookup(environment, "NO_COLOR").empty() && lookup(environment, "TERM") != "dumb";
}

std::string LogView::take(Time now, std::string_view text) {
  if (!options_.dedup && options_.rate == 0 && !options_.colours) return std::string(text);
  std::string out = tick(now);
  rest_ += text;
  std::size_t begin = 0;
  for (std::size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
    take_line(now, std::string_view(rest_).substr(begin, end + 1 - begin), out);
  rest_.erase(0, begin);
  if (rest_.size() > kMostRest) out += std::exchange(rest_, {});
  return out;
}

void LogView::take_line(Time now, std::string_view line, std::string& out) {
  const LogPrefix prefix = prefix_in(line);
  if (prefix.whole.empty()) {
    out += line;
    return;
  }
  const std::string_view said = line.substr(prefix.whole.size());
  if (options_.dedup && is_repeated(now, prefix, said, out)) return;
  if (options_.rate > 0 && is_too_much(now, prefix, out)) return;
  out.append(shown(prefix)).append(said);
}

std::string LogView::shown(const LogPrefix& prefix) const {
  return options_.colours ? colour(prefix) : std::string(prefix.whole);
}

// Who says the same twice, and alone, means it.
bool LogView::is_repeated(Time now, const LogPrefix& prefix, std::string_view said, std::string& out) {
  const std::string source = source_of(prefix);
  const auto known = lines_.find(said);
  if (known == lines_.end()) {
    const auto line = lines_.emplace(said, Seen{now, source, "", {}, 0, false}).first;
    by_age_.emplace(now, line);
    if (lines_.size() <= kMostLines) return false;
    const auto oldest = by_age_.begin();
    tell_repeats(*oldest->second, out);
    lines_.erase(oldest->second);
    by_age_.erase(oldest);
    return false;
  }
  Seen& seen = known->second;
  seen.is_shared |= seen.source != source;
  if (!seen.is_shared) return false;
  ++seen.count;
  seen.prefix = prefix.whole;
  seen.nodes.emplace(prefix.node);
  return true;
}

void LogView::tell_repeats(const Lines::value_type& line, std::string& out) const {
  const Seen& seen = line.second;
  if (seen.count == 0) return;
  const std::string where =
      seen.nodes.size() == 1 ? "on " + *seen.nodes.begin() : "across " + std::to_string(seen.nodes.size()) + " nodes";
  const std::string_view said = std::string_view(line.first).substr(0, line.first.size() - 1);
  out.append(shown(prefix_in(seen.prefix + "x"))).append(said);
  out += " [repeated " + std::to_string(seen.count) + "x " + where + "]\n";
}

bool LogView::is_too_much(Time now, const LogPrefix& prefix, std::string& out) {
  Source& source = sources_.try_emplace(std::string(prefix.whole), Source{now}).first->second;
  if (now - source.since >= kRateWindow) {
    if (!source.is_flooding) {
      tell_hidden(std::string(prefix.whole), source, out);
      source.hidden = 0;
    }
    source.since = now;
    source.lines = 0;
    source.is_flooding = false;
  }
  if (++source.lines <= options_.rate) return false;
  source.is_flooding = true;
  if (source.hidden++ == 0)
    out += shown(prefix) + "[prints more than " + std::to_string(options_.rate) +
           " lines a second: the others go to its log file alone, " + "atoll logs " + source_of(prefix) +
           " shows them]\n";
  return true;
}

void LogView::tell_hidden(const std::string& prefix, const Source& source, std::string& out) const {
  if (source.hidden == 0) return;
  out += shown(prefix_in(prefix + "x")) + "[" + std::to_string(source.hidden) + " lines were not shown]\n";
}

std::string LogView::tick(Time now) {
  std::string out;
  while (!by_age_.empty() && now - by_age_.begin()->first >= kRepeatWindow) {
    tell_repeats(*by_age_.begin()->second, out);
    lines_.erase(by_age_.begin()->second);
    by_age_.erase(by_age_.begin());
  }
  // A window that nothing came after: the flood is over.
  std::erase_if(sources_, [&](const auto& entry) {
    const auto& [prefix, source] = entry;
    if (now - source.since < 2 * kRateWindow) return false;
    tell_hidden(prefix, source, out);
    return true;
  });
  return out;
}

std::optional<Time> LogView::next_tick() const {
  std::optional<Time> next;
  if (!by_age_.empty()) next = by_age_.begin()->first + kRepeatWindow;
  for (const auto& [prefix, source] : sources_)
    if (const Time end = source.since + 2 * kRateWindow; source.hidden > 0 && (!next || end < *next)) next = end;
  return next;
}

std::string LogView::finish(Time now) {
  std::string out;
  if (!rest_.empty()) take_line(now, std::exchange(rest_, {}) + "\n", out);
  for (const auto& [age, line] : by_age_) tell_repeats(*line, out);
  for (const auto& [prefix, source] : sources_) tell_hidden(prefix, source, out);
  by_age_.clear();
  lines_.clear();
  sources_.clear();
  return out;
}

}  // namespace Atoll
