// Spill files in real folders, and on their threads.
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
#include "runtime/objects/spill_threads.h"

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
  SpillFiles::Written write(const WriteSpill& order) {
    return files.write(order, [this](SpillEvent event) { events.push_back(std::move(event)); });
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
  Disk disk({folder.path});
  // Not whole pages, one longer than a chunk, and many small ones.
  std::vector<SpillPiece> pieces{{1, 0, 0, 9 * kMiB + 17}};
  for (std::uint64_t i = 2; i < 40; ++i) {
    const SpillPiece& last = pieces.back();
    const std::uint64_t taken = ArenaSpace::rounded(last.bytes);
    pieces.push_back({i, last.offset + taken, last.at + taken, 100'000 + i});
  }
  for (const SpillPiece& piece : pieces) disk.fill(piece.offset, piece.bytes, static_cast<unsigned>(piece.copy));
  CHECK(disk.write({7, pieces}).status.ok());
  const auto written = disk.only<SpillWritten>();
  CHECK(written.file == 7);
  REQUIRE(written.copies.size() == pieces.size());
  CHECK(folder.is_empty());
  std::memset(disk.arena.at(0), 0, 24 * kMiB);
  for (const std::size_t i : {std::size_t{0}, std::size_t{20}, pieces.size() - 1}) {
    SpillPiece piece = pieces[i];
    piece.offset = 8 * kMiB;
    CHECK(disk.files.read({7, piece, written.copies[i].second}).failure.empty());
    CHECK(disk.is_filled(8 * kMiB, piece.bytes, static_cast<unsigned>(piece.copy)));
  }
  CHECK(find_open(folder.path) >= 0);
  disk.files.remove({7});
  CHECK(find_open(folder.path) < 0);
}

TEST_CASE("FILES-4: a byte that changed on disk is found") {
  const Folder folder;
  Disk disk({folder.path});
  disk.fill(0, kMiB, 1);
  CHECK(disk.write({1, {{5, 0, 0, kMiB}}}).any);
  const std::uint64_t checksum = disk.only<SpillWritten>().copies.at(0).second;
  const std::string file = "/proc/self/fd/" + std::to_string(find_open(folder.path));
  {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(700'000);
    bytes.put('!');
  }
  CHECK(disk.files.read({1, {5, 0, 0, kMiB}, checksum}).failure == "its bytes in spill folder " + folder.path + " are not those that were written: the checksum is wrong");
  REQUIRE(::truncate(file.c_str(), 4096) == 0);
  CHECK(disk.files.read({1, {5, 0, 0, kMiB}, checksum}).failure == "a file in spill folder " + folder.path + " is shorter than it was");
}

TEST_CASE("FILES-3: a file system that is too full gets no file, and is asked again") {
  const Folder folder;
  Disk disk({folder.path, 0.0});
  CHECK(disk.files.check().code() == Code::kDiskFull);
  const SpillFiles::Written failed = disk.write({1, {{1, 0, 0, kMiB}}});
  CHECK(failed.status.code() == Code::kDiskFull);
  CHECK(failed.status.message().starts_with("the file system of spill folder " + folder.path + " has "));
  CHECK(failed.status.message().ends_with("in use, and no more than 0 % are taken"));
  CHECK_FALSE(failed.any);
  Disk few({folder.path, 1.0, 1});
  CHECK(few.write({1, {{1, 0, 0, kMiB}}}).status.ok());
  CHECK(few.write({2, {{2, 0, 0, kMiB}}}).status.message() == "1 spill files are open, half of what ulimit -n allows");
}

TEST_CASE("the room of what is gone is given back, and the rest of the file stays") {
  const Folder folder;
  Disk disk({folder.path});
  disk.fill(0, 16 * kMiB, 1);
  REQUIRE(disk.write({1, {{1, 0, 0, 8 * kMiB}, {2, 8 * kMiB, 8 * kMiB, 8 * kMiB}}}).status.ok());
  const auto written = disk.only<SpillWritten>();
  const std::string file = "/proc/self/fd/" + std::to_string(find_open(folder.path));
  struct stat before = {}, after = {};
  REQUIRE(::stat(file.c_str(), &before) == 0);
  const SpillPunched punched = disk.files.punch({1, {{0, 8 * kMiB}}});
  CHECK(punched.file == 1);
  REQUIRE(::stat(file.c_str(), &after) == 0);
  CHECK(after.st_size == before.st_size);
  if (punched.bytes == 0) {
    MESSAGE("the file system of /tmp cannot give parts of a file back");
    CHECK(after.st_blocks == before.st_blocks);
  } else {
    CHECK(punched.bytes == 8 * kMiB);
    CHECK(after.st_blocks * 512 <= before.st_blocks * 512 - static_cast<off_t>(7 * kMiB));
  }
  CHECK(disk.files.read({1, {2, 16 * kMiB, 8 * kMiB, 8 * kMiB}, written.copies.at(1).second}).failure.empty());
  CHECK(disk.files.punch({9, {{0, kMiB}}}).bytes == 0);  // there is no such file
}

namespace {

// Folders with their threads, and what these said.
struct Threads {
  explicit Threads(std::vector<std::string> folders) : threads({std::move(folders)}, arena) {}
  // The next event, a T.
  template <typename T>
  T next() {
    while (events.empty()) {
      pollfd ready{threads.event_fd(), POLLIN, 0};
      REQUIRE(::poll(&ready, 1, 10'000) == 1);
      for (SpillEvent& event : threads.take_events()) events.push_back(std::move(event));
    }
    REQUIRE(std::holds_alternative<T>(events.front()));
    T event = std::get<T>(std::move(events.front()));
    events.erase(events.begin());
    return event;
  }
  void write(std::uint64_t file) {
    threads.order(WriteSpill{file, {{file, 0, 0, kMiB}}});
    CHECK(next<SpillWritten>().file == file);
  }

  Arena arena = std::move(Arena::create(4 * kMiB).value());
  std::vector<SpillEvent> events;
  SpillThreads threads;
};

}  // namespace

TEST_CASE("folders that are gone are left out, and when none is left nothing is written any more") {  // QUEUE-3
  const Folder first, second;
  Threads disks({first.path, second.path});
  for (const std::uint64_t file : {1, 2, 3, 4}) disks.write(file);
  CHECK(find_open(first.path) >= 0);
  CHECK(find_open(second.path) >= 0);
  std::filesystem::remove_all(first.path);
  for (const std::uint64_t file : {5, 6, 7, 8}) disks.write(file);
  std::filesystem::remove_all(second.path);
  disks.threads.order(WriteSpill{9, {{9, 0, 0, kMiB}}});
  const auto failed = disks.next<SpillFailed>();
  CHECK(failed.for_good);
  CHECK(failed.why.find("looking for space in spill folder " + second.path + ": No such file or directory") != std::string::npos);
  disks.threads.order(WriteSpill{10, {{10, 0, 0, kMiB}}});
  CHECK(disks.next<SpillFailed>().for_good);
}

TEST_CASE("folders that cannot be written to are found at the start") {  // QUEUE-3
  const Folder good;
  Threads some({"/proc/1", good.path, "/no/such/folder"});
  some.write(1);
  Threads none({"/no/such/folder"});
  CHECK(none.next<SpillFailed>().for_good);
}

TEST_CASE("spill files are written beside the loop, and go with their threads") {
  const Folder folder;
  {
    Threads disks({folder.path});
    disks.write(1);
    for (std::uint64_t file = 2; file < 100; ++file) disks.threads.order(WriteSpill{file, {{file, 0, 0, 4 * kMiB}}});
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
