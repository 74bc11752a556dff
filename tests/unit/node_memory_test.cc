#include "runtime/node/node_memory.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace Atoll {
namespace {

struct Scratch {
  std::string path = std::filesystem::temp_directory_path() / ("atoll-node-memory-" + std::to_string(::getpid()));
  ~Scratch() { std::filesystem::remove_all(path); }

  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = path + name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  NodeMemory memory(const std::string& own) const { return NodeMemory(own, path, path + "/meminfo"); }
};

}  // namespace

TEST_CASE("what a cgroup uses is what it cannot have back, in both versions") {
  const Scratch scratch;
  scratch.write("/meminfo", "MemTotal:       16 kB\nMemFree:         1 kB\nMemAvailable:    8 kB\n");
  scratch.write("/job_7/memory.max", "1000000\n");
  scratch.write("/job_7/memory.current", "900000\n");
  scratch.write("/job_7/memory.stat",
                "anon 500000\nfile 400000\nshmem 100000\ninactive_anon 1\nactive_file 200000\ninactive_file 100000\n");
  scratch.write("/memory/job_8/memory.limit_in_bytes", "2000000\n");
  scratch.write("/memory/job_8/memory.usage_in_bytes", "1500000\n");
  scratch.write("/memory/job_8/memory.stat",
                "inactive_file 7\nactive_file 7\ntotal_inactive_file 300000\ntotal_active_file 200000\n");
  const MemoryReading version_2 = scratch.memory("0::/job_7\n").read().value();
  CHECK(version_2.used == 600'000);
  CHECK(version_2.limit == 1'000'000);
  const MemoryReading version_1 = scratch.memory("9:name=systemd:/\n4:memory:/job_8\n0::/\n").read().value();
  CHECK(version_1.used == 1'000'000);
  CHECK(version_1.limit == 2'000'000);
}

TEST_CASE("of a group and those above it the one nearest to its limit counts") {
  const Scratch scratch;
  const auto group = [&scratch](const std::string& path, const std::string& limit, const std::string& used) {
    scratch.write(path + "/memory.max", limit + "\n");
    scratch.write(path + "/memory.current", used + "\n");
    scratch.write(path + "/memory.stat", "inactive_file 0\n");
  };
  group("/slurm/job_7/step_0", "max", "400");
  group("/slurm/job_7", "1000", "500");
  group("/slurm", "1200", "900");
  const NodeMemory memory = scratch.memory("0::/slurm/job_7/step_0\n");
  CHECK(memory.read()->limit == 1200);
  CHECK(memory.read()->used == 900);
  group("/slurm/job_7", "1000", "800");
  CHECK(memory.read()->limit == 1000);
}

TEST_CASE("where no group has a limit the machine's memory counts") {
  const Scratch scratch;
  scratch.write("/meminfo", "MemTotal:       16 kB\nMemFree:         1 kB\nMemAvailable:    6 kB\n");
  scratch.write("/job_7/memory.max", "max\n");
  scratch.write("/job_7/memory.stat", "inactive_file 0\n");
  scratch.write("/memory/memory.limit_in_bytes", "9223372036854771712\n");
  scratch.write("/memory/memory.stat", "total_inactive_file 0\n");
  for (const std::string own : {"", "0::/\n", "0::/job_7\n", "4:memory:/\n", "4:memory:/gone\n", "memory\n"}) {
    CAPTURE(own);
    const MemoryReading reading = scratch.memory(own).read().value();
    CHECK(reading.used == 10 << 10);
    CHECK(reading.limit == 16 << 10);
  }
  std::filesystem::remove(scratch.path + "/meminfo");
  CHECK_FALSE(scratch.memory("").read());
}

TEST_CASE("what a process has alone is neither its files nor what it shares") {
  const Scratch scratch;
  scratch.write("/17/statm", "1000 300 250 10 0 500 0\n");
  scratch.write("/18/statm", "0 0 0 0 0 0 0\n");
  CHECK(private_memory(17, scratch.path) == 50 * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  CHECK(private_memory(18, scratch.path) == 0);
  CHECK(private_memory(19, scratch.path) == 0);
  const std::uint64_t before = private_memory(::getpid());
  // Fresh pages: a string's could be some that the allocator had kept.
  constexpr std::size_t kBytes = 64 << 20;
  void* const taken = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  REQUIRE(taken != MAP_FAILED);
  CHECK(private_memory(::getpid()) > before + (60 << 20));
  ::munmap(taken, kBytes);
}

TEST_CASE("the memory of the machine that this runs on can be read") {
  const MemoryReading reading = NodeMemory::of_this_process().read().value();
  CHECK(reading.used > 0);
  CHECK(reading.used <= reading.limit);
}

}  // namespace Atoll
