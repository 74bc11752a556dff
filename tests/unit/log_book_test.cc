#include "runtime/logs/log_book.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

namespace Atoll {
namespace {

constexpr ProcessId kOne{1}, kTwo{2}, kThree{3};

// A book, and what its orders leave in files.
struct Shelf {
  LogBook book;
  std::map<std::string, std::string> files;
  std::map<ProcessId, std::string> all;  // what each printed

  explicit Shelf(LogBook::Limits limits) : book("n1", limits) {
    for (const ProcessId process : {kOne, kTwo, kThree})
      book.begin({process, static_cast<std::uint64_t>(process), LogKind::kWorker, "", {}});
  }

  void remove(const std::vector<std::string>& names) {
    for (const std::string& name : names) files.erase(name);
  }
  void print(ProcessId process, const std::string& text) {
    all[process] += text;
    for (std::string_view left = text; !left.empty();) {
      const LogBook::Append to = book.append(process, left);
      REQUIRE(to.bytes > 0);
      files[to.file] += left.substr(0, to.bytes);
      left.remove_prefix(to.bytes);
      remove(to.removed);
    }
  }
  void end(ProcessId process) { remove(book.end(process)); }

  LogRecord record(ProcessId process) const {
    for (const LogRecord& each : book.list())
      if (each.process == process) return each;
    return {};
  }
  // All that is kept, read piece by piece.
  std::string read(ProcessId process) const {
    std::string text;
    std::uint64_t at = record(process).begin;
    while (const auto place = book.find(process, at)) {
      REQUIRE(place->from == at);
      text += files.at(place->file).substr(place->offset, place->bytes);
      at += place->bytes;
    }
    return text;
  }
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& [name, text] : files) sum += text.size();
    return sum;
  }
};

std::string lines(int count, char sign, std::size_t length = 9) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::string(length, sign) + "\n";
  return text;
}

}  // namespace

TEST_CASE("LOG-1: what a process printed last is kept, in files that end with a line") {
  Shelf shelf({80, 1000});
  shelf.print(kOne, lines(5, 'a'));
  CHECK(shelf.read(kOne) == lines(5, 'a'));
  shelf.print(kOne, lines(20, 'b'));
  const std::string kept = shelf.read(kOne);
  CHECK(shelf.all[kOne].ends_with(kept));
  CHECK(kept.size() <= 80);
  CHECK(kept.size() > 40);
  for (const auto& [name, text] : shelf.files) CHECK(text.ends_with("\n"));
  CHECK(shelf.files.begin()->first == "n1-worker-1-" + to_string(kOne).substr(0, 8) + ".10.log");
}

TEST_CASE("LOG-1: a line longer than a piece is cut") {
  Shelf shelf({80, 1000});
  shelf.print(kOne, std::string(50, 'x'));
  CHECK(shelf.read(kOne) == std::string(50, 'x'));
}

TEST_CASE("LOG-3: the files of those that ended go before those that are written to") {
  Shelf shelf({100, 100});
  shelf.print(kOne, lines(2, 'a'));
  shelf.end(kOne);
  shelf.print(kTwo, lines(2, 'b'));
  shelf.print(kThree, lines(7, 'c'));
  CHECK(shelf.record(kOne).process == ProcessId::kNone);
  CHECK(shelf.read(kTwo) == lines(2, 'b'));
  CHECK(shelf.read(kThree) == lines(7, 'c'));
}

TEST_CASE("LOG-3: where all are written to the largest goes") {
  Shelf shelf({400, 100});
  shelf.print(kOne, lines(3, 'a'));
  shelf.print(kTwo, lines(6, 'b'));
  shelf.print(kThree, lines(2, 'c'));
  CHECK(shelf.read(kOne) == lines(3, 'a'));
  CHECK(shelf.read(kTwo).empty());
  CHECK(shelf.record(kTwo).begin == 60);
  shelf.print(kTwo, "on\n");
  CHECK(shelf.read(kTwo) == "on\n");
}

TEST_CASE("LOG-4: who ended is listed while something is kept of it, with what it was") {
  Shelf shelf({100, 1000});
  const ActorId actor{ProcessId{9}, 5};
  shelf.book.rename(kOne, "Trainer", actor);
  shelf.print(kOne, "word\n");
  shelf.end(kOne);
  shelf.end(kTwo);
  const std::vector<LogRecord> records = shelf.book.list();
  REQUIRE(records.size() == 2);
  CHECK(records[0].process == kOne);
  CHECK(records[0].name == "Trainer");
  CHECK(records[0].actor == actor);
  CHECK(records[0].ended);
  CHECK(records[0].end == 5);
  CHECK(records[1].process == kThree);
  CHECK(shelf.book.append(kOne, "late\n").file.empty());
}

TEST_CASE("LOG-4: of many that ended the last ones are listed") {
  LogBook book("n1", {});
  for (std::uint64_t i = 1; i <= LogBook::kMostEnded + 10; ++i) {
    book.begin({ProcessId{i}, i, LogKind::kWorker, "", {}});
    book.append(ProcessId{i}, "x\n");
    const std::vector<std::string> removed = book.end(ProcessId{i});
    CHECK(removed.size() == (i > LogBook::kMostEnded ? 1 : 0));
  }
  CHECK(book.list().size() == LogBook::kMostEnded);
  CHECK(book.list().front().process == ProcessId{11});
}

TEST_CASE("LOG-2: whatever is printed, no bound is passed and all that is kept can be read") {
  const unsigned seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  Shelf shelf({200, 450});
  for (int step = 0; step < 2'000; ++step) {
    const ProcessId process{1 + random() % 3};
    shelf.print(process,
                lines(1 + static_cast<int>(random() % 5), static_cast<char>('a' + random() % 26), random() % 30));
    std::size_t sum = 0;
    for (const ProcessId each : {kOne, kTwo, kThree}) {
      const std::string kept = shelf.read(each);
      REQUIRE(shelf.all[each].ends_with(kept));
      REQUIRE(kept.size() <= 200);
      sum += kept.size();
    }
    REQUIRE(sum == shelf.bytes());
    REQUIRE(sum == shelf.book.bytes());
    REQUIRE(sum <= 450);
  }
}

}  // namespace Atoll
