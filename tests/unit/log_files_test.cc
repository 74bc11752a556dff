#include "runtime/logs/log_files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "runtime/session/session_folder.h"

namespace Atoll {
namespace {

constexpr ProcessId kWorker{7}, kTool{8};

struct FilesTest {
  std::string folder;
  std::optional<LogFiles> files;

  FilesTest() {
    char name[] = "/tmp/atoll-log-files-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    folder = name;
  }
  ~FilesTest() {
    files.reset();
    std::filesystem::remove_all(folder);
  }
  void open(LogBook::Limits limits = {}, bool is_private = true) {
    files.emplace(LogFiles::Options{"n1", folder + "/" + kLogFolder, limits, is_private});
    files->begin({kWorker, 4711, LogKind::kWorker, "count", {}});
  }

  std::string first_file() const {
    return folder + "/" + kLogFolder + "/n1-worker-4711-" + to_string(kWorker).substr(0, 8) + ".1.log";
  }

  template <typename Answer>
  Answer ask(const Message& question) {
    REQUIRE(files->ask(kTool, question));
    pollfd ready{files->event_fd(), POLLIN, 0};
    REQUIRE(::poll(&ready, 1, 10'000) == 1);
    auto answers = files->take_answers();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].first == kTool);
    return std::get<Answer>(answers[0].second);
  }
  std::string read_all() {
    std::string text;
    for (std::uint64_t at = 0;;) {
      const LogBytes bytes = ask<LogBytes>(ReadLog{1, kWorker, at, 1000});
      if (bytes.bytes.empty()) return text;
      text += bytes.bytes;
      at = bytes.from + bytes.bytes.size();
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(FilesTest, "FILES-1: what is written is read back, over the ends of files, in private ones") {
  open({4'000, 64'000});
  std::string wanted;
  for (int i = 0; i < 300; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    files->write(kWorker, line);
    wanted += line;
  }
  CHECK(read_all() == wanted);
  const LogList list = ask<LogList>(GetLogs{5});
  CHECK(list.request == 5);
  REQUIRE(list.logs.size() == 1);
  CHECK(list.logs[0].end == wanted.size());
  CHECK_FALSE(list.logs[0].ended);
  struct stat found {};
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/" + kLogFolder)) {
    REQUIRE(::stat(entry.path().c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
    ++count;
  }
  CHECK(count == 3);
}

TEST_CASE_FIXTURE(FilesTest, "FILES-1: all is there when it is gone, and the session's folder takes it along") {
  open();
  files->write(kWorker, "last words\n");
  files->end(kWorker);
  files.reset();
  const std::string file = first_file();
  CHECK(std::filesystem::file_size(file) == 11);
  remove_session_folder(folder);
  CHECK_FALSE(std::filesystem::exists(folder));
}

TEST_CASE_FIXTURE(FilesTest, "FILES-1: who writes faster than the disk is told to wait, and of room") {
  // A disk that stands still: nobody reads what is written there yet.
  std::filesystem::create_directory(folder + "/" + kLogFolder);
  const std::string file = first_file();
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  open({64 << 20, 1 << 30});
  const std::string page(64 * 1024, 'x');
  while (!files->full()) files->write(kWorker, page);
  pollfd room{files->room_fd(), POLLIN, 0};
  CHECK(::poll(&room, 1, 0) == 0);
  std::thread disk([&file] {
    const Fd end(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    std::string bytes(1 << 20, '\0');
    while (::read(end.get(), bytes.data(), bytes.size()) > 0) {
    }
  });
  CHECK(::poll(&room, 1, 10'000) == 1);
  files->take_room();
  CHECK(::poll(&room, 1, 0) == 0);
  files.reset();
  disk.join();
}

TEST_CASE_FIXTURE(FilesTest, "FILES-2: a folder that cannot be made ends the writing, and every list says why") {
  folder += "/nothing";
  open();
  files->write(kWorker, "word\n");
  CHECK(ask<LogList>(GetLogs{1}).why.find("cannot make the folder") != std::string::npos);
  files->write(kWorker, "word\n");
  CHECK(ask<LogBytes>(ReadLog{1, kWorker, 0, 100}).bytes.empty());
  folder = folder.substr(0, folder.rfind('/'));
}

TEST_CASE("what daemons are told of log files") {
  CHECK_FALSE(log_options({{"ATOLL_LOG_BYTES", "0"}}, "n1", "/s"));
  const auto usual = log_options({}, "n1", "/s");
  REQUIRE(usual);
  CHECK(usual->folder == "/s/logs");
  CHECK(usual->is_private);
  CHECK(usual->limits.node == 16 * LogBook::kLogBytes);
  const auto kept = log_options({{"ATOLL_KEEP_LOGS", "/home/me/logs"}, {"ATOLL_LOG_BYTES", "1000"}}, "n1", "/s");
  REQUIRE(kept);
  CHECK(kept->folder == "/home/me/logs");
  CHECK_FALSE(kept->is_private);
  CHECK(kept->limits.process == 1000);
}

}  // namespace Atoll
