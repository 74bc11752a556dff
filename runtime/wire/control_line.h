#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/status.h"

namespace Atoll {

// What a node daemon and its launcher say to each other over the daemon's
// stdout and stdin while a cluster comes up, and to stop it again.
//
// An event of the daemon is one line on its stdout: the byte 0x1e, "atoll ",
// one JSON object and '\n'. Whatever else a daemon or a library of it prints
// stays ordinary output. A command of the launcher is one JSON object and '\n'
// on the daemon's stdin (srun copies it to every daemon).
//
// Slurm passes a task's output on in pieces of at most 1,024 bytes, and those
// of several tasks mix between pieces: so no event is longer than kMaxEventBytes,
// a long card travels in parts, and long words are cut.
inline constexpr std::size_t kMaxEventBytes = 1000;
inline constexpr std::size_t kMaxCommandBytes = 64 * 1024;
inline constexpr std::size_t kMaxControlCardBytes = 16 * 1024;

// The first thing a daemon says. {"event":"present","rank":0,"node":"n1","pid":1}
struct PresentEvent {
  int rank = 0;
  std::string node;
  int pid = 0;
  friend bool operator==(const PresentEvent&, const PresentEvent&) = default;
};

// Wire-up reached a stage ("init", "fence", …: wireup.h).
// {"event":"stage","rank":0,"node":"n1","stage":"fence"}
struct StageEvent {
  int rank = 0;
  std::string node;
  std::string stage;
  friend bool operator==(const StageEvent&, const StageEvent&) = default;
};

// The daemon's encoded card (card.h). Every daemon says it when it wires up over
// stdio; rank 0 says it always, since its card holds the head's contact, which
// is the launcher's and the driver's way in.
// {"event":"card","rank":0,"node":"n1","part":0,"parts":1,"card":"<base64>"}
struct CardEvent {
  int rank = 0;
  std::string node;
  std::string card;  // bytes
  friend bool operator==(const CardEvent&, const CardEvent&) = default;
};

// The daemon has joined the head. {"event":"ready","rank":0,"node":"n1"}
struct ReadyEvent {
  int rank = 0;
  std::string node;
  friend bool operator==(const ReadyEvent&, const ReadyEvent&) = default;
};

// The daemon gives up, and why. {"event":"failed","rank":0,"node":"n1","why":"…"}
struct FailedEvent {
  int rank = 0;
  std::string node;
  std::string why;
  friend bool operator==(const FailedEvent&, const FailedEvent&) = default;
};

using ControlEvent = std::variant<PresentEvent, StageEvent, CardEvent, ReadyEvent, FailedEvent>;

// Rank 0's card, for every daemon. {"command":"card","card":"<base64>"}
struct CardCommand {
  std::string card;  // bytes
  friend bool operator==(const CardCommand&, const CardCommand&) = default;
};

// End the workers and leave. {"command":"stop"}
struct StopCommand {
  friend bool operator==(const StopCommand&, const StopCommand&) = default;
};

using ControlCommand = std::variant<CardCommand, StopCommand>;

// The line, or for a long card the lines, that say `event`: ready to be written
// to stdout, each line with one write(). Names above 100 bytes and words above
// 400 are cut, control characters in them become spaces. A card above
// kMaxControlCardBytes is a broken invariant.
std::vector<std::string> encode_event(const ControlEvent& event);

// The launcher's side: takes the bytes of one stream as they come and tells
// events from ordinary output. Pure; one reader a stream.
class EventReader {
 public:
  struct Output {
    std::string text;  // ordinary output, as it was, without the event lines
    std::vector<ControlEvent> events;
    std::vector<std::string> warnings;  // malformed event lines, for the log
  };

  // Ordinary output is passed on at once; only an event whose end is missing is
  // kept, to at most kMaxEventBytes: from there on it is ordinary output.
  Output feed(std::string_view bytes);
  // The stream ended: what was kept, as ordinary output.
  std::string finish();

 private:
  struct Parts {
    int parts = 0;
    int next = 0;
    std::string bytes;
  };

  bool take_next(Output& output);
  Status take_event(std::string_view json, Output& output);
  Status take_card_part(CardEvent event, int index, int parts, Output& output);

  std::string pending_;         // empty, or begins with 0x1e
  std::map<int, Parts> cards_;  // by rank, while parts are missing
};

// One line with its '\n'.
std::string encode_command(const ControlCommand& command);

// `line` is without its '\n'. kInvalidArgument with what is wrong otherwise.
Result<ControlCommand> decode_command(std::string_view line);

}  // namespace Atoll
