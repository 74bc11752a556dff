#include "runtime/node/memory_kills.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace Atoll {
namespace {

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

struct Scratch {
  std::string path = std::filesystem::temp_directory_path() / ("atoll-memory-" + std::to_string(::getpid()));
  ~Scratch() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("the kernel's kills for lack of memory are counted, in both versions of cgroups") {
  const Scratch scratch;
  const std::string root = scratch.path;
  for (const auto& [own, file] : {std::pair<std::string, std::string>("0::/job_7\n", "/job_7/memory.events"),
                                  {"9:name=systemd:/\n4:memory:/job_7\n0::/\n", "/memory/job_7/memory.oom_control"},
                                  {"3:cpu,memory:/job_8\n", "/memory/job_8/memory.oom_control"}}) {
    CAPTURE(own);
    write(root + file, "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
    MemoryKills kills(own, root);
    CHECK(!kills.take_one());
    write(root + file, "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n");
    CHECK(kills.take_one());
    CHECK(kills.take_one());
    CHECK(!kills.take_one());
  }
}

TEST_CASE("where no cgroup counts them nothing is ever new") {
  const Scratch scratch;
  for (const std::string own : {"", "0::/\n", "memory\n", "4:memory:/gone\n"}) {
    CAPTURE(own);
    MemoryKills kills(own, scratch.path);
    CHECK(!kills.take_one());
  }
}

}  // namespace Atoll
