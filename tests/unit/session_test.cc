#include "runtime/session/session.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "runtime/session/session_folder.h"

using namespace Atoll;

namespace {

const Contact kHead = {static_cast<ProcessId>(0xabcdef), static_cast<NodeId>(0), std::string("\0bytes\xff", 7)};

// A TMPDIR of its own, removed with all that is in it.
struct TemporaryPlace {
  TemporaryPlace() {
    char path[] = "/tmp/atoll-test-XXXXXX";
    REQUIRE(::mkdtemp(path) != nullptr);
    folder = path;
    environment = {{"TMPDIR", folder}, {"SLURM_JOB_ID", "42"}};
  }
  ~TemporaryPlace() { (void)!std::system(("rm -rf " + folder).c_str()); }

  std::string folder;
  Environment environment;
};

SessionFolder must_create(const Environment& environment, const std::string& name) {
  Result<SessionFolder> folder = SessionFolder::create(environment, name, "up");
  REQUIRE(folder.ok());
  return std::move(*folder);
}

mode_t mode_of(const std::string& path) {
  struct stat found {};
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  return found.st_mode & 0777;
}

}  // namespace

TEST_CASE("where the plugin is promised but not on this node nobody waits") {
  TemporaryPlace place;
  place.environment["SLURM_JOB_ID"] = "7";
  place.environment["SLURM_ATOLL_SPEC"] = "yes";
  place.environment["SLURMD_NODENAME"] = "n2";
  const Status status = wait_for_session(place.environment, now() + std::chrono::seconds(60)).status();
  CHECK(status.code() == Code::kInfeasible);
  CHECK(status.message() ==
        "job 7 was given --atoll, but Slurm on this node (n2) has not loaded Atoll's plugin; atoll doctor says why; or use "
        "atoll run");
}

TEST_CASE("a job that was given --atoll is told that its cluster may be on its way") {
  TemporaryPlace place;
  place.environment["SLURM_JOB_ID"] = "7";
  CHECK_FALSE(is_promised_cluster(place.environment));
  place.environment["ATOLL_JOB"] = "6";  // of the job that submitted this one
  CHECK_FALSE(is_promised_cluster(place.environment));
  place.environment["ATOLL_JOB"] = "7";
  CHECK(is_promised_cluster(place.environment));
  CHECK(find_session(place.environment).status().message() ==
        "job 7 was given --atoll, but has no cluster on this host yet; if none comes, its output says why");
}

TEST_CASE("a published session is found with all that it says, and leaves nothing behind") {
  TemporaryPlace place;
  const Secret secret = Secret::random();
  {
    SessionFolder folder = must_create(place.environment, "ab12");
    REQUIRE(folder.publish(kHead, secret, 4).ok());
    const Result<Session> found = find_session(place.environment);
    REQUIRE(found.ok());
    CHECK(*found == folder.session());
    CHECK(found->head == kHead);
    CHECK(found->secret == secret);
    CHECK(found->nodes == 4);
    CHECK(found->id() == "42-ab12");
    CHECK(mode_of(folder.path()) == 0700);
    CHECK(mode_of(folder.path() + "/cluster.json") == 0600);
  }
  CHECK(::access(sessions_path(place.environment).c_str(), F_OK) != 0);
  CHECK(find_session(place.environment).status().code() == Code::kNotFound);
}

TEST_CASE("a client that is early is told what the cluster waits for") {
  TemporaryPlace place;
  SessionFolder folder = must_create(place.environment, "ab12");
  folder.set_progress("waiting for n2 (not heard from)");
  const Status status = find_session(place.environment).status();
  CHECK(status.code() == Code::kUnavailable);
  CHECK(status.message() == "cluster 42-ab12 is still coming up: waiting for n2 (not heard from)");
  folder.set_progress("short");
  CHECK(read_progress(folder.path()) == "short");
  CHECK(wait_for_session(place.environment, now()).status().code() == Code::kTimedOut);
  folder.fail("no room on n3");
  CHECK(wait_for_session(place.environment, now() + std::chrono::seconds(60)).status() ==
        Status(Code::kUnavailable, "the cluster did not come up: no room on n3"));
}

TEST_CASE("several clusters of one job are listed, and one is chosen by ATOLL_SESSION") {
  TemporaryPlace place;
  SessionFolder one = must_create(place.environment, "one"), two = must_create(place.environment, "two");
  REQUIRE(one.publish(kHead, Secret::random(), 1).ok());
  REQUIRE(two.publish(kHead, Secret::random(), 1).ok());
  const Status status = find_session(place.environment).status();
  CHECK(status.code() == Code::kInvalidArgument);
  CHECK(status.message().find("42-one, 42-two") != std::string::npos);
  Environment chosen = place.environment;
  chosen["ATOLL_SESSION"] = two.path();
  REQUIRE(find_session(chosen).ok());
  CHECK(find_session(chosen)->name == "two");
  Environment other_job = place.environment;
  other_job["SLURM_JOB_ID"] = "4";
  CHECK(find_session(other_job).status().code() == Code::kNotFound);
}

TEST_CASE("a name that a live process keeps is taken, one of the dead is free") {
  TemporaryPlace place;
  SessionFolder folder = must_create(place.environment, "ab12");
  CHECK(SessionFolder::create(place.environment, "ab12", "node").status().code() == Code::kAlreadyExists);
  Session stale = folder.session();
  stale.keeper.start_ticks += 1;  // the pid was used again
  const std::string path = folder.path();
  std::ofstream(path + "/cluster.json") << session_to_json(stale);
  CHECK(list_sessions(place.environment, "42").empty());
  CHECK(::access(path.c_str(), F_OK) != 0);
  folder = must_create(place.environment, "ab12");
}

TEST_CASE("folders and files that others could have made or read are refused") {
  TemporaryPlace place;
  SessionFolder folder = must_create(place.environment, "ab12");
  REQUIRE(folder.publish(kHead, Secret::random(), 1).ok());
  const std::string file = folder.path() + "/cluster.json";
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  CHECK(read_session(folder.path()).status().code() == Code::kUnauthenticated);
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  CHECK(read_session(folder.path()).status().code() == Code::kUnauthenticated);
  REQUIRE(::chmod(folder.path().c_str(), 0700) == 0);
  const std::string link = place.folder + "/link";
  REQUIRE(::symlink(folder.path().c_str(), link.c_str()) == 0);
  CHECK(read_session(link).status().code() == Code::kUnauthenticated);
  CHECK(read_session(folder.path()).ok());
}

TEST_CASE("a folder of everybody is not taken for the user's") {
  TemporaryPlace place;
  REQUIRE(::mkdir(sessions_path(place.environment).c_str(), 0777) == 0);
  REQUIRE(::chmod(sessions_path(place.environment).c_str(), 0777) == 0);
  CHECK(SessionFolder::create(place.environment, "ab12", "run").status().code() == Code::kUnauthenticated);
  REQUIRE(::rmdir(sessions_path(place.environment).c_str()) == 0);
  REQUIRE(::symlink("/tmp", sessions_path(place.environment).c_str()) == 0);
  CHECK(SessionFolder::create(place.environment, "ab12", "run").status().code() == Code::kUnauthenticated);
}

TEST_CASE("a broken cluster.json is an error and never a session") {
  for (const char* text : {"", "[]", "{", "{}", "{\"name\":1}"}) {
    CAPTURE(text);
    CHECK(session_from_json(text).status().code() == Code::kInvalidArgument);
  }
}

TEST_CASE("a program of another Atoll than the cluster's is told so") {
  Session session;
  session.name = "ab12";
  session.job = "42";
  session.ready = true;
  CHECK(check_protocol(session).ok());
  session.protocol = kProtocolVersion + 1;
  const Result<Session> read = session_from_json(session_to_json(session));
  REQUIRE(read.ok());
  CHECK(check_protocol(*read) ==
        Status(Code::kInfeasible, "cluster 42-ab12 speaks version " + std::to_string(kProtocolVersion + 1) +
                                      " of Atoll's protocol, this program version " + std::to_string(kProtocolVersion) +
                                      ": build it with the Atoll that the cluster runs, or start the cluster with that of the "
                                      "program"));
  std::string before_it_was_said = session_to_json(session);
  before_it_was_said.replace(before_it_was_said.find("\"protocol\""), 10, "\"once\"");
  REQUIRE(session_from_json(before_it_was_said).ok());
  CHECK(check_protocol(*session_from_json(before_it_was_said)).message().find("speaks an earlier version of Atoll's protocol") != std::string::npos);
}

TEST_CASE("a cluster's name fits in a folder's and a step's") {
  for (const char* name : {"a", "ab12", "my-cluster", "0"}) CHECK(check_session_name(name).ok());
  for (const char* name : {"", "-a", "A", "a/b", "..", "a b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    CAPTURE(name);
    CHECK_FALSE(check_session_name(name).ok());
  }
  CHECK(check_session_name(random_session_name()).ok());
}

TEST_CASE("a process is told from another that uses its pid again") {
  ProcessIdentity self = own_identity();
  CHECK(is_alive(self));
  CHECK(open_process(self).valid());
  self.start_ticks += 1;
  CHECK_FALSE(is_alive(self));
  CHECK_FALSE(open_process(self).valid());
  self = own_identity();
  self.boot_id = "another";
  CHECK_FALSE(is_alive(self));
}

TEST_CASE("the start of a process is read past any name") {
  const std::string stat = "17 (a) b (c)) S 1 17 17 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 2000";
  CHECK(parse_stat(stat).state == 'S');
  CHECK(parse_stat(stat).start_ticks == 98765);
  CHECK(parse_stat(stat).cpu_ticks == 11);
  CHECK(parse_stat("").start_ticks == 0);
  CHECK(parse_stat("17 (x) S 1 2").start_ticks == 0);
}

TEST_CASE("who waits is woken by a failure that the keeper only writes down") {
  TemporaryPlace place;
  SessionFolder folder = must_create(place.environment, "ab12");
  folder.set_progress("waiting for n2");
  Status status;
  std::thread waiting(
      [&] { status = wait_for_session(place.environment, now() + std::chrono::seconds(60)).status(); });
  const Time begin = now();
  folder.fail("no room on n3");
  waiting.join();
  CHECK(status == Status(Code::kUnavailable, "the cluster did not come up: no room on n3"));
  CHECK(now() - begin < std::chrono::seconds(30));
}
