#include "launcher/log_view.h"

#include <doctest/doctest.h>

#include "launcher/log_choice.h"
#include "launcher/log_reader.h"

namespace Atoll {
namespace {

using std::chrono::milliseconds;
constexpr Time kStart{std::chrono::seconds(100)};

std::string from(int pid, const std::string& said, const std::string& node = "n1") {
  return "(Trainer " + node + " " + std::to_string(pid) + ") " + said + "\n";
}

StateClient::Log log_of(const std::string& node, std::uint64_t pid, const std::string& name,
                        LogKind kind = LogKind::kWorker) {
  StateClient::Log log;
  log.node = node;
  log.record.process = ProcessId{0xabc1000000000000 + pid};
  log.record.pid = pid;
  log.record.name = name;
  log.record.kind = kind;
  if (name == "Keeper") log.record.actor = ActorId{ProcessId{0x18d4d00000000000}, 5};
  return log;
}

}  // namespace

TEST_CASE("what stands in front of a worker's line is told from what it says") {
  const LogPrefix named = prefix_in("(Trainer n2 4711) (x) y\n");
  CHECK(named.whole == "(Trainer n2 4711) ");
  CHECK(named.node == "n2");
  CHECK(named.pid == "4711");
  CHECK(prefix_in("(n2 4711) z").whole == "(n2 4711) ");
  for (const char* line : {"", "n2 4711) z", "(n2 4711)z", "(n2 x) z", "(4711) z", "(a b n2 4711) z", "( 4711) z",
                           "12:03:04 n2 atolld: (n2 1) x"})
    CHECK(prefix_in(line).whole.empty());
}

TEST_CASE("VIEW-3: if nothing is asked for, everything comes out as it is, at once") {
  LogView view({});
  CHECK(view.take(kStart, "(n1 7) half a") == "(n1 7) half a");
  CHECK(view.take(kStart, " line\n(n1 8) half a line\n") == " line\n(n1 8) half a line\n");
  CHECK_FALSE(view.next_tick());
  CHECK(view.finish(kStart).empty());
}

TEST_CASE("VIEW-1: a line that others print as well is shown once, and then how often") {
  LogView view({.dedup = true});
  std::string text;
  for (int pid = 1; pid <= 32; ++pid) text += from(pid, "loading", "n" + std::to_string(pid % 4));
  CHECK(view.take(kStart, text) == from(1, "loading"));
  REQUIRE(view.next_tick());
  CHECK(*view.next_tick() == kStart + LogView::kRepeatWindow);
  CHECK(view.tick(kStart + milliseconds(4999)).empty());
  CHECK(view.tick(*view.next_tick()) == "(Trainer n0 32) loading [repeated 31x across 4 nodes]\n");
  CHECK_FALSE(view.next_tick());
  CHECK(view.take(kStart + std::chrono::seconds(6), from(2, "loading")) == from(2, "loading"));
}

TEST_CASE("VIEW-1: what one process says twice is shown twice, and so is what differs by a digit") {
  LogView view({.dedup = true});
  const std::string text = from(1, "step") + from(1, "step") + from(2, "loss 0.1") + from(3, "loss 0.2");
  CHECK(view.take(kStart, text) == text);
  CHECK(view.finish(kStart).empty());
}

TEST_CASE("VIEW-1: at the end it is said how often lines were repeated, and on which node") {
  LogView view({.dedup = true});
  CHECK(view.take(kStart, from(1, "x") + from(2, "x") + "no worker's\n") == from(1, "x") + "no worker's\n");
  CHECK(view.finish(kStart) == "(Trainer n1 2) x [repeated 1x on n1]\n");
}

TEST_CASE("VIEW-1: no more than so many lines are remembered") {
  LogView view({.dedup = true});
  CHECK(view.take(kStart, from(1, "the first") + from(2, "the first")) == from(1, "the first"));
  std::string out;
  for (std::size_t i = 0; i < LogView::kMostLines; ++i) out += view.take(kStart, from(1, "line " + std::to_string(i)));
  CHECK(out.find("(Trainer n1 2) the first [repeated 1x on n1]\n") != std::string::npos);
}

TEST_CASE("VIEW-2: a flood is cut, and one sentence says where the rest is, one how much it was") {
  LogView view({.rate = 3});
  std::string flood;
  for (int i = 0; i < 10; ++i) flood += from(1, "line " + std::to_string(i));
  const std::string sentence =
      "(Trainer n1 1) [prints more than 3 lines a second: the others go to its log file alone, atoll logs n1:1 shows "
      "them]\n";
  CHECK(view.take(kStart, flood + from(2, "calm")) ==
        from(1, "line 0") + from(1, "line 1") + from(1, "line 2") + sentence + from(2, "calm"));
  // The flood goes on: nothing is said of it again.
  CHECK(view.take(kStart + milliseconds(1100), flood) == from(1, "line 0") + from(1, "line 1") + from(1, "line 2"));
  REQUIRE(view.next_tick());
  CHECK(view.tick(*view.next_tick()) == "(Trainer n1 1) [14 lines were not shown]\n");
  CHECK_FALSE(view.next_tick());
}

TEST_CASE("a process has its own colour, and its words have none") {
  LogView view({.colours = true});
  const std::string text = view.take(kStart, from(1, "word") + "12:03:04 n1 atolld: word\n");
  CHECK(text.starts_with("\033["));
  CHECK(text.ends_with("(Trainer n1 1)\033[0m word\n12:03:04 n1 atolld: word\n"));
}

TEST_CASE("a word after atoll logs means processes in one way") {
  const std::vector<StateClient::Log> logs = {log_of("n1", 10, "head", LogKind::kHead),
                                              log_of("n1", 11, "atolld", LogKind::kDaemon),
                                              log_of("n2", 12, "atolld", LogKind::kDaemon),
                                              log_of("n1", 20, "Keeper"),
                                              log_of("n2", 20, "count"),
                                              log_of("n2", 21, "")};
  const auto meant = [&logs](const std::string& typed) { return logs_of({typed, {}, {}}, logs); };
  using Places = std::vector<std::size_t>;
  CHECK(meant("head") == Places{0});
  CHECK(meant("n2") == Places{2, 4, 5});
  CHECK(meant("20") == Places{3, 4});
  CHECK(meant("n2:20") == Places{4});
  CHECK(meant("count") == Places{4});
  CHECK(meant("atolld") == Places{1, 2});
  CHECK(meant("18d4d0-5") == Places{3});
  CHECK(meant("18d4d0-6").empty());
  CHECK(meant(to_string(ProcessId{0xabc1000000000000 + 21})) == Places{5});
  CHECK(meant("nobody").empty());
  CHECK(logs_of({"Holder", {to_string(logs[3].record.actor)}, {}}, logs) == Places{3});
  CHECK(logs_of({"4f1c-2", {}, {to_string(logs[5].record.process)}}, logs) == Places{5});
  CHECK(ends_with_its_logs({"n2:20", {}, {}}, logs));
  CHECK_FALSE(ends_with_its_logs({"n2", {}, {}}, logs));
  CHECK_FALSE(ends_with_its_logs({"count", {}, {}}, logs));
}

namespace {

// A log that is read in pieces of some bytes.
struct Reading {
  std::string text;
  std::uint64_t begin = 0;
  std::size_t piece = 7;
  std::vector<std::string> lines;
  LogReader reader{[this](std::uint64_t from, std::uint32_t bytes) -> Result<LogReader::Bytes> {
    from = std::max(from, begin);
    if (from >= text.size()) return LogReader::Bytes{from, ""};
    return LogReader::Bytes{from, text.substr(from, std::min<std::size_t>(bytes, piece))};
  }};

  void read(bool is_last = false) {
    REQUIRE(reader.read_to(text.size(), is_last, [this](const std::string& line) { lines.push_back(line); }).ok());
  }
};

}  // namespace

TEST_CASE("READER-1: lines come out whole and once, the last one at the log's end") {
  Reading log;
  log.text = "one\ntwo and more\n\nthr";
  log.read();
  CHECK(log.lines == std::vector<std::string>{"one", "two and more", ""});
  log.text += "ee\nfour";
  log.read();
  log.read(true);
  CHECK(log.lines == std::vector<std::string>{"one", "two and more", "", "three", "four"});
}

TEST_CASE("READER-1: the last lines are found, whatever the pieces") {
  const struct {
    std::uint64_t wanted;
    std::vector<std::string> lines;
  } cases[] = {{0, {}}, {1, {"4"}}, {3, {"2", "3", "4"}}, {4, {"1", "2", "3", "4"}}, {100, {"1", "2", "3", "4"}}};
  for (const std::size_t piece : {1, 3, 100})
    for (const auto& [wanted, lines] : cases) {
      Reading log;
      log.piece = piece;
      log.text = "1\n2\n3\n4\n";
      REQUIRE(log.reader.seek(0, log.text.size(), wanted).ok());
      log.read();
      CHECK(log.lines == lines);
    }
}

TEST_CASE("READER-2: what is not kept any more is counted") {
  Reading log;
  log.text = "one\ntwo\nthree\n";
  log.begin = 8;
  log.read();
  CHECK(log.lines == std::vector<std::string>{"[8 bytes are not kept any more]", "three"});
}

}  // namespace Atoll
