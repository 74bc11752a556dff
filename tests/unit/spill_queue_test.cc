// Which spill folder writes what, and when.
#include "runtime/objects/spill_queue.h"

#include <doctest/doctest.h>

namespace Atoll {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
const Status kFull(Code::kDiskFull, "it is full"), kBroken(Code::kUnavailable, "it is broken");

// Folders, and what was said and was not looked at yet.
struct Folders {
  explicit Folders(const std::vector<std::uint64_t>& rooms) : queue(rooms.size()) {
    for (std::size_t folder = 0; folder < rooms.size(); ++folder) queue.started(folder, Status(), rooms[folder], said);
  }
  void write(std::uint64_t file) { queue.add(WriteSpill{file, {{file, 0, 0, kMiB}}}, said); }
  // The file that the folder is to write now; 0: none.
  std::uint64_t writes(std::size_t folder) {
    const std::optional<SpillOrder> order = queue.take(folder);
    return order ? std::get<WriteSpill>(*order).file : 0;
  }
  void wrote(std::size_t folder, std::uint64_t room, const Status& status = Status(), bool any = true) {
    queue.wrote(folder, status, any && status.ok(), room, said);
  }
  template <typename T>
  T only() {
    REQUIRE(said.size() == 1);
    REQUIRE(std::holds_alternative<T>(said[0]));
    return std::get<T>(std::exchange(said, {})[0]);
  }

  SpillQueue queue;
  SpillQueue::Events said;
};

}  // namespace

TEST_CASE("QUEUE-1: a file goes to the folder with most room of those that are idle, and then to who wrote longest ago") {
  Folders folders({10, 30, 20});
  folders.write(1);
  CHECK(folders.writes(0) == 0);
  CHECK(folders.writes(2) == 0);
  CHECK(folders.writes(1) == 1);
  folders.write(2);
  CHECK(folders.writes(0) == 0);
  CHECK(folders.writes(2) == 2);
  folders.wrote(1, 20);
  folders.wrote(2, 20);
  folders.write(3);
  CHECK(folders.writes(2) == 0);
  CHECK(folders.writes(1) == 3);
}

TEST_CASE("QUEUE-1: a slow disk has one file, and others write the rest") {
  Folders folders({30, 10});
  for (const std::uint64_t file : {1, 2, 3, 4}) folders.write(file);
  CHECK(folders.writes(0) == 1);  // and is not heard of again
  for (const std::uint64_t file : {2, 3, 4}) {
    CHECK(folders.writes(0) == 0);
    CHECK(folders.writes(1) == file);
    CHECK(folders.writes(1) == 0);
    folders.wrote(1, 10);
  }
  CHECK(folders.said.empty());
}

TEST_CASE("QUEUE-2: what is wanted of a file goes to its folder, in order, and before what is new") {
  Folders folders({20, 10});
  folders.write(1);
  CHECK(folders.writes(0) == 1);
  folders.write(2);
  CHECK(folders.writes(1) == 2);
  folders.wrote(0, 20);
  folders.wrote(1, 10);
  folders.write(3);
  folders.queue.add(PunchSpill{1, {{0, 4096}}}, folders.said);
  folders.queue.add(ReadSpill{1, {7, 0, 8192, 4096}, 5}, folders.said);
  folders.queue.add(DeleteSpill{1}, folders.said);
  CHECK(folders.writes(1) == 3);  // the other has something to do
  CHECK(std::holds_alternative<PunchSpill>(folders.queue.take(0).value()));
  CHECK_FALSE(folders.queue.take(0));  // one after the other
  folders.queue.done(0);
  CHECK(std::holds_alternative<ReadSpill>(folders.queue.take(0).value()));
  folders.queue.done(0);
  CHECK(std::holds_alternative<DeleteSpill>(folders.queue.take(0).value()));
  CHECK(folders.said.empty());
}

TEST_CASE("QUEUE-4: what is wanted of a file that is nowhere is answered") {
  Folders folders({20});
  folders.queue.add(ReadSpill{9, {7, 0, 0, 4096}, 5}, folders.said);
  CHECK(folders.only<SpillRead>().failure == "its spill file is gone");
  folders.queue.add(PunchSpill{9, {{0, 4096}}}, folders.said);
  CHECK(folders.only<SpillPunched>().bytes == 0);
  folders.queue.add(DeleteSpill{9}, folders.said);
  CHECK(folders.said.empty());
  CHECK_FALSE(folders.queue.take(0));
}

TEST_CASE("QUEUE-3: a full folder is passed over for this file, and asked for the next") {
  Folders folders({20, 10});
  folders.write(1);
  CHECK(folders.writes(0) == 1);
  folders.wrote(0, 20, kFull);
  CHECK(folders.said.empty());
  CHECK(folders.writes(0) == 0);
  CHECK(folders.writes(1) == 1);
  folders.wrote(1, 10, kFull);
  const auto failed = folders.only<SpillFailed>();
  CHECK(failed.file == 1);
  CHECK_FALSE(failed.for_good);
  CHECK(failed.why == "it is full; it is full");
  folders.write(2);
  CHECK(folders.writes(0) == 2);
}

TEST_CASE("QUEUE-3: a folder that failed is left out, and what it has is still read; when none is left all fail") {
  Folders folders({20, 10});
  folders.write(1);
  CHECK(folders.writes(0) == 1);
  folders.wrote(0, 20);
  folders.write(2);
  CHECK(folders.writes(0) == 2);
  folders.wrote(0, 20, kBroken);
  CHECK(folders.queue.usable() == 1);
  CHECK(folders.writes(1) == 2);
  folders.write(3);
  folders.queue.add(ReadSpill{1, {7, 0, 0, 4096}, 5}, folders.said);
  CHECK(std::holds_alternative<ReadSpill>(folders.queue.take(0).value()));
  folders.queue.done(0);
  CHECK(folders.writes(0) == 0);
  CHECK(folders.said.empty());
  folders.wrote(1, 10, kBroken);
  REQUIRE(folders.said.size() == 2);
  for (const SpillEvent& event : folders.said) CHECK(std::get<SpillFailed>(event).for_good);
  folders.said.clear();
  folders.write(4);
  CHECK(folders.only<SpillFailed>().why == "it is broken");
}

TEST_CASE("QUEUE-3: a file that was written in part has failed, and is still there") {
  Folders folders({20, 10});
  folders.write(1);
  CHECK(folders.writes(0) == 1);
  folders.queue.wrote(0, kFull, /*any=*/true, 20, folders.said);
  CHECK_FALSE(folders.only<SpillFailed>().for_good);
  CHECK(folders.writes(1) == 0);
  folders.queue.add(ReadSpill{1, {7, 0, 0, 4096}, 5}, folders.said);
  CHECK(std::holds_alternative<ReadSpill>(folders.queue.take(0).value()));
}

}  // namespace Atoll
