#include "runtime/node/program_store.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "runtime/base/build_id.h"

namespace Atoll {
namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/atoll-programs-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

JobInfo own_job() {
  JobInfo job;
  job.path = std::filesystem::read_symlink("/proc/self/exe");
  job.build_id = *build_id_of("/proc/self/exe");
  return job;
}

}  // namespace

TEST_CASE("a program that is visible and the same build is run where it is") {
  const Folder folder;
  const JobInfo job = own_job();
  const Result<std::string> found = ProgramStore(folder.path).find(job);
  REQUIRE(found.ok());
  CHECK(*found == job.path);
}

TEST_CASE("a program that is not here, or is another build, is refused with what is wrong") {
  const Folder folder;
  JobInfo job = own_job();
  job.build_id = "0000";
  CHECK(ProgramStore(folder.path).find(job).status().message() ==
        "the file " + job.path + " is another build of the driver's program here");
  job.path = folder.path + "/nowhere";
  CHECK(ProgramStore(folder.path).find(job).status().message().starts_with("the driver's program is not visible here"));
}

TEST_CASE("a program that is shipped in pieces is whole and executable, and found again") {
  const Folder folder;
  JobInfo job = own_job();
  const std::string bytes = contents("/proc/self/exe");
  job.path = folder.path + "/nowhere";
  const ProgramStore store(folder.path);
  const std::size_t half = bytes.size() / 2;
  const Result<std::string> first = store.store(job, {{}, 0, bytes.size(), bytes.substr(0, half), ""});
  REQUIRE(first.ok());
  CHECK(first->empty());
  const Result<std::string> second = store.store(job, {{}, half, bytes.size(), bytes.substr(half), ""});
  REQUIRE(second.ok());
  CHECK(contents(*second) == bytes);
  CHECK(*store.find(job) == *second);
}

TEST_CASE("a shipped program that is not the build it should be is refused") {
  const Folder folder;
  JobInfo job = own_job();
  job.build_id = "0000";
  const Result<std::string> stored = ProgramStore(folder.path).store(job, {{}, 0, 4, "\177ELF", ""});
  CHECK(stored.status().code() == Code::kInvalidArgument);
}

TEST_CASE("a file without a build id is told apart by its contents") {
  const Folder folder;
  std::ofstream(folder.path + "/a") << "one";
  std::ofstream(folder.path + "/b") << "two";
  CHECK(build_id_of(folder.path + "/a")->size() == 64);
  CHECK(*build_id_of(folder.path + "/a") != *build_id_of(folder.path + "/b"));
  CHECK(!build_id_of(folder.path).ok());
}

}  // namespace Atoll
