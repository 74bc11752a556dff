#include "runtime/objects/arena.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

#include "runtime/base/log.h"
#include "runtime/objects/arena_door.h"

namespace Atoll {
namespace {

constexpr std::uint64_t kBytes = 1 << 20;

// A daemon's door, its loop in a thread of its own.
struct OpenDoor {
  std::string folder;
  Secret secret = Secret::random();
  ProcessId self = random_process_id();
  Arena arena = std::move(Arena::create(kBytes).value());
  Loop loop = std::move(Loop::create().value());
  ArenaDoor door{loop, secret, self, arena.fd()};
  std::atomic<bool> over{false};
  std::thread thread;

  OpenDoor() {
    char name[] = "/tmp/atoll-arena-XXXXXX";
    folder = ::mkdtemp(name);
    folder += "/" + std::string(150, 'f');  // longer than a socket's name may be
    std::filesystem::create_directory(folder);
    REQUIRE(door.open(path()).ok());
    thread = std::thread([this] {
      while (!over) loop.wait(now(), now() + std::chrono::milliseconds(10));
    });
  }
  ~OpenDoor() {
    over = true;
    thread.join();
    std::filesystem::remove_all(std::filesystem::path(folder).parent_path());
  }
  std::string path() const { return folder + "/objects-0"; }
};

}  // namespace

TEST_CASE("what is written into an arena is read by all who have its descriptor, and only there") {
  Arena arena = std::move(Arena::create(kBytes).value());
  Result<Arena> other = Arena::open(Fd(::dup(arena.fd())));
  REQUIRE(other.ok());
  CHECK(other->size() == kBytes);
  std::strcpy(arena.at(4096), "coral");
  CHECK(std::string(other->read_at(4096)) == "coral");
  CHECK(::ftruncate(other->fd(), 0) != 0);  // nobody takes it away from the others
}

TEST_CASE("what was detached stays as it was, and its neighbours do not") {
  Arena arena = std::move(Arena::create(kBytes).value());
  for (std::uint64_t page = 0; page < 3; ++page) std::strcpy(arena.at(4096 * page), "before");
  arena.detach(4096, 4096);
  for (std::uint64_t page = 0; page < 3; ++page) std::strcpy(arena.at(4096 * page), "after");
  CHECK(std::string(arena.read_at(0)) == "after");
  CHECK(std::string(arena.read_at(4096)) == "before");
  CHECK(std::string(arena.read_at(8192)) == "after");
}

TEST_CASE("who knows the secret gets the arena at its door") {
  OpenDoor node;
  std::strcpy(node.arena.at(0), "coral");
  for (int i = 0; i < 3; ++i) {
    Result<Fd> file = get_arena(node.path(), node.secret, random_process_id(), node.self, 5'000);
    REQUIRE_MESSAGE(file.ok(), file.status().message());
    Result<Arena> arena = Arena::open(std::move(*file));
    REQUIRE(arena.ok());
    CHECK(std::string(arena->read_at(0)) == "coral");
  }
}

TEST_CASE("who does not know it, or looks for another, gets nothing") {
  log::set_level("off");
  OpenDoor node;
  CHECK_FALSE(get_arena(node.path(), Secret::random(), random_process_id(), node.self, 5'000).ok());
  CHECK_FALSE(get_arena(node.path(), node.secret, random_process_id(), random_process_id(), 5'000).ok());
  CHECK(get_arena(node.folder + "/nobody", node.secret, random_process_id(), node.self, 5'000).status().message().find("nobody") !=
        std::string::npos);
  CHECK(get_arena(node.path(), node.secret, random_process_id(), node.self, 5'000).ok());
  log::set_level("info");
}

}  // namespace Atoll
