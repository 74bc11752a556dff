#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/environment.h"

namespace Atoll {

// "(Trainer n2 4711) " at the beginning of a line, as the node daemons put it there.
struct LogPrefix {
  std::string_view whole;  // "" if there is none
  std::string_view node, pid;
};
LogPrefix prefix_in(std::string_view line);

// The prefix in a colour of its process's own.
std::string colour(const LogPrefix& prefix);

// Whether colours are wanted on `fd`: it is a terminal, and neither NO_COLOR nor TERM=dumb speaks against it.
bool wants_colour(int fd, const Environment& environment);

// What workers print on its way to a person's eyes; without I/O. Whole lines come out.
//
// VIEW-1 a line that another process printed less than kRepeatWindow ago is not shown again but counted, and one line
// then
//        says how often it was
// VIEW-2 of a process's lines those beyond `rate` a second are not shown; one line says so when that begins, and one
// how
//        many it were when it is over
// VIEW-3 what has no process in front comes out as it is, and so does everything if nothing is asked for
class LogView {
 public:
  struct Options {
    bool dedup = false;
    std::size_t rate = 0;  // lines a second of one process; 0: any number
    bool colours = false;
  };
  static constexpr Duration kRepeatWindow = std::chrono::seconds(5);
  static constexpr Duration kRateWindow = std::chrono::seconds(1);
  static constexpr std::size_t kMostLines = 1'000;  // that are remembered

  explicit LogView(const Options& options) : options_(options) {}

  // What is to be shown of `text` now.
  std::string take(Time now, std::string_view text);
  // What is to be said since time has passed; wanted at next_tick().
  std::string tick(Time now);
  std::optional<Time> next_tick() const;
  // The end: what is left to be said.
  std::string finish(Time now);

 private:
  struct Seen {
    Time first{};
    std::string source;                        // that printed it first
    std::string prefix;                        // of the last one that was counted
    std::set<std::string, std::less<>> nodes;  // of those that were counted
    std::uint64_t count = 0;
    bool is_shared = false;  // several have printed it
  };
  struct Source {
    Time since{};
    std::size_t lines = 0;     // since then
    std::uint64_t hidden = 0;  // in a row of windows
    bool is_flooding = false;  // in the present one
  };
  using Lines = std::map<std::string, Seen, std::less<>>;  // by what they say

  void take_line(Time now, std::string_view line, std::string& out);
  bool is_repeated(Time now, const LogPrefix& prefix, std::string_view said, std::string& out);
  bool is_too_much(Time now, const LogPrefix& prefix, std::string& out);
  std::string shown(const LogPrefix& prefix) const;
  void tell_repeats(const Lines::value_type& line, std::string& out) const;
  void tell_hidden(const std::string& prefix, const Source& source, std::string& out) const;

  Options options_;
  std::string rest_;  // of a line without its end
  Lines lines_;
  std::multimap<Time, Lines::iterator> by_age_;
  std::map<std::string, Source, std::less<>> sources_;  // by prefix
};

}  // namespace Atoll
