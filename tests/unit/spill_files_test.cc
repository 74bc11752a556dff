// Spill files in real folders, and on their thread.
#include "runtime/objects/spill_files.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "runtime/base/log.h"
#include "runtime/objects/arena_space.h"
#include "runtime/objects/spill_folders.h"
#include "runtime/objects/spill_thread.h"

namespace Atoll {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

// A folder of its own, which goes with what is in it.
struct Folder {
  Folder() {
    char name[] = "/tmp/atoll-spill-test-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
    log::set_up("n1", "unit", "off");
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  bool is_empty() const { return std::filesystem::is_empty(path); }
  std::string path;
};

struct Disk {
  explicit Disk(SpillFiles::Options options) : files(options, arena) {}

  void fill(std::uint64_t offset, std::uint64_t bytes, unsigned seed) {
    for (std::uint64_t i = 0; i < bytes; ++i) arena.at(offset)[i] = static_cast<char>((i * 2654435761u + seed) >> 13);
  }
  bool is_filled(std::uint64_t offset, std::uint64_t bytes, unsigned seed) const {
    for (std::uint64_t i = 0; i < bytes; ++i)
      if (arena.read_at(offset)[i] != static_cast<char>((i * 2654435761u + seed) >> 13)) return false;
    return true;
  }
  void order(const SpillOrder& order) {
    files.carry_out(order, [this](SpillEvent event) { events.push_back(std::move(event)); });
  }
  // The only event since, a T.
  template <typename T>
  T only() {
    REQUIRE(events.size() == 1);
    REQUIRE(std::holds_alternative<T>(events[0]));
    return std::get<T>(std::exchange(events, {})[0]);
  }

  Arena arena = std::move(Arena::create(24 * kMiB).value());
  std::vector<SpillEvent> events;
  SpillFiles files;
};

// The descriptor of a file that this process has open in `folder` and that has no name; -1 if there is none.
int find_open(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    const std::string target = std::filesystem::read_symlink(entry.path(), ignored).string();
    if (target.starts_with(folder + "/") && target.ends_with("(deleted)")) return std::atoi(entry.path().filename().c_str());
  }
  return -1;
}

}  // namespace

TEST_CASE("what was spilled is read back elsewhere as it was, and no file has a name") {  // FILES-1, FILES-4
  const Folder folder;
  Disk disk({{folder.path}});
  // Not whole pages, one longer than a chunk, and many small ones.
  std::vector<SpillPiece> pieces{{1, 0, 0, 9 * kMiB + 17}};
  for (std::uint64_t i = 2; i < 40; ++i) {
    const SpillPiece& last = pieces.back();
    const std::uint64_t taken = ArenaSpace::rounded(last.bytes);
    pieces.push_back({i, last.offset + taken, last.at + taken, 100'000 + i});
  }
  for (const SpillPiece& piece : pieces) disk.fill(piece.offset, piece.bytes, static_cast<unsigned>(piece.copy));
  disk.order(WriteSpill{7, pieces});
  const auto written = disk.only<SpillWritten>();
  CHECK(written.file == 7);
  REQUIRE(written.copies.size() == pieces.size());
  CHECK(folder.is_empty());
  std::memset(disk.arena.at(0), 0, 24 * kMiB);
  for (const std::size_t i : {std::size_t{0}, std::size_t{20}, pieces.size() - 1}) {
    SpillPiece piece = pieces[i];
    piece.offset = 8 * kMiB;
    disk.order(ReadSpill{7, piece, written.copies[i].second});
    CHECK(disk.only<SpillRead>().failure.empty());
    CHECK(disk.is_filled(8 * kMiB, piece.bytes, static_cast<unsigned>(piece.copy)));
  }
  CHECK(find_open(folder.path) >= 0);
  disk.order(DeleteSpill{7});
  CHECK(find_open(folder.path) < 0);
}

TEST_CASE("FILES-4: a byte that changed on disk is found") {
  const Folder folder;
  Disk disk({{folder.path}});
  disk.fill(0, kMiB, 1);
  disk.order(WriteSpill{1, {{5, 0, 0, kMiB}}});
  const std::uint64_t checksum = disk.only<SpillWritten>().copies.at(0).second;
  const std::string file = "/proc/self/fd/" + std::to_string(find_open(folder.path));
  {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(700'000);
    bytes.put('!');
  }
  disk.order(ReadSpill{1, {5, 0, 0, kMiB}, checksum});
  CHECK(disk.only<SpillRead>().failure == "its bytes in spill folder " + folder.path + " are not those that were written: the checksum is wrong");
  REQUIRE(::truncate(file.c_str(), 4096) == 0);
  disk.order(ReadSpill{1, {5, 0, 0, kMiB}, checksum});
  CHECK(disk.only<SpillRead>().failure == "a file in spill folder " + folder.path + " is shorter than it was");
}

TEST_CASE("FILES-2: folders take turns, and one that is gone is left out") {
  const Folder first, second;
  Disk disk({{first.path, second.path}});
  const auto write = [&](std::uint64_t file) {
    disk.order(WriteSpill{file, {{file, 0, 0, kMiB}}});
    (void)disk.only<SpillWritten>();
  };
  write(1);
  CHECK(find_open(first.path) >= 0);
  CHECK(find_open(second.path) < 0);
  write(2);
  CHECK(find_open(second.path) >= 0);
  std::filesystem::remove_all(first.path);
  for (const std::uint64_t file : {3, 4, 5}) write(file);
  std::filesystem::remove_all(second.path);
  disk.order(WriteSpill{6, {{6, 0, 0, kMiB}}});
  const auto failed = disk.only<SpillFailed>();
  CHECK(failed.for_good);
  CHECK(failed.why == "looking for space in spill folder " + second.path + ": No such file or directory");
  disk.order(WriteSpill{7, {{7, 0, 0, kMiB}}});
  CHECK(disk.only<SpillFailed>().why == failed.why);
}

TEST_CASE("FILES-2: folders that cannot be written to are found at the start") {
  const Folder good;
  const auto report = [](std::vector<SpillEvent>& events) { return [&events](SpillEvent event) { events.push_back(std::move(event)); }; };
  std::vector<SpillEvent> events;
  Disk some({{"/proc/1", good.path, "/no/such/folder"}});
  some.files.check_folders(report(events));
  CHECK(events.empty());
  Disk none({{"/no/such/folder"}});
  none.files.check_folders(report(events));
  REQUIRE(events.size() == 1);
  CHECK(std::get<SpillFailed>(events[0]).for_good);
}

TEST_CASE("FILES-3: a file system that is too full gets no file, and is asked again") {
  const Folder folder;
  Disk disk({{folder.path}, 0.0});
  disk.order(WriteSpill{1, {{1, 0, 0, kMiB}}});
  const auto failed = disk.only<SpillFailed>();
  CHECK_FALSE(failed.for_good);
  CHECK(failed.why.starts_with("the file system of spill folder " + folder.path + " has "));
  CHECK(failed.why.ends_with("in use, and no more than 0 % are taken"));
  Disk few({{folder.path}, 1.0, 1});
  few.order(WriteSpill{1, {{1, 0, 0, kMiB}}});
  (void)few.only<SpillWritten>();
  few.order(WriteSpill{2, {{2, 0, 0, kMiB}}});
  CHECK(few.only<SpillFailed>().why == "1 spill files are open, half of what ulimit -n allows");
}

TEST_CASE("spill files are written beside the loop, and go with their thread") {
  const Folder folder;
  Arena arena = std::move(Arena::create(4 * kMiB).value());
  std::memset(arena.at(0), 'a', 4 * kMiB);
  {
    SpillThread thread({{folder.path}}, arena);
    thread.order(WriteSpill{1, {{1, 0, 0, 4 * kMiB}}});
    pollfd ready{thread.event_fd(), POLLIN, 0};
    REQUIRE(::poll(&ready, 1, 10'000) == 1);
    const std::vector<SpillEvent> events = thread.take_events();
    REQUIRE(events.size() == 1);
    CHECK(std::holds_alternative<SpillWritten>(events[0]));
    for (std::uint64_t file = 2; file < 100; ++file) thread.order(WriteSpill{file, {{file, 0, 0, 4 * kMiB}}});
  }
  CHECK(find_open(folder.path) < 0);
  CHECK(folder.is_empty());
}

TEST_CASE("spill folders are full paths, or none, or the usual one where that is no memory") {
  CHECK(complain_of_spill_folders("").empty());
  CHECK(complain_of_spill_folders("none").empty());
  CHECK(complain_of_spill_folders("/a,/b:/c").empty());
  for (const char* wrong : {"a", "/a,", ",/a", "/a,none", "./a"}) CHECK_FALSE(complain_of_spill_folders(wrong).empty());
  CHECK(choose_spill_folders("/a,/b:/c", "/x").folders == std::vector<std::string>{"/a", "/b", "/c"});
  CHECK(choose_spill_folders("none", "/x").why_none == "--spill-folder is none");
  CHECK(choose_spill_folders("", "/proc").folders == std::vector<std::string>{"/proc"});
  const SpillFolders memory = choose_spill_folders("", "/dev/shm");
  if (memory.why_none.empty()) return;  // it lies on a disk here
  CHECK(memory.folders.empty());
  CHECK(choose_spill_folders("/dev/shm", "/x").warnings.size() == 1);
}

}  // namespace Atoll
