#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/base/fd.h"
#include "runtime/base/mailbox.h"
#include "runtime/logs/log_book.h"
#include "runtime/wire/messages.h"

namespace Atoll {

// What a process without them says to who wants to read them.
inline constexpr const char* kNoLogFiles = "there are no log files: --log-bytes is 0";

// The output of processes in files, which people's tools may read: LogBook with a thread that writes and reads them, so
// that a disk may take as long as it likes. Any thread may call every method; nobody waits.
//
// FILES-1 what is written is in the files, in order, before ~LogFiles() returns; while it is full sources should wait
// until
//         room_fd() says that there is room
// FILES-2 a disk that fails ends the writing, not who writes: one log line says why, and so does every LogList
class LogFiles {
 public:
  struct Options {
    std::string node;
    std::string folder;  // made if it is not there; the one above is
    LogBook::Limits limits = {};
    bool is_private = true;  // nobody else may read it
  };
  static constexpr std::size_t kFull = 4 << 20;
  static constexpr std::size_t kMostOpen = 64;  // files

  explicit LogFiles(Options options);
  // Writes what is left. The files stay.
  ~LogFiles();
  LogFiles(const LogFiles&) = delete;
  LogFiles& operator=(const LogFiles&) = delete;

  void begin(LogRecord record) { post(std::move(record)); }
  void rename(ProcessId process, std::string name, const ActorId& actor) {
    post(Rename{process, std::move(name), actor});
  }
  void write(ProcessId process, std::string text);
  void end(ProcessId process) { post(End{process}); }

  bool full() const;
  // Readable once it was full and has room again, until take_room().
  int room_fd() const { return room_.get(); }
  void take_room();

  // Takes a GetLogs or ReadLog of `from`; false if it is another message. The answer is among take_answers().
  bool ask(ProcessId from, const Message& question);
  int event_fd() const { return answers_.fd(); }
  std::vector<std::pair<ProcessId, Message>> take_answers() { return answers_.take(); }

 private:
  struct Rename {
    ProcessId process;
    std::string name;
    ActorId actor;
  };
  struct End {
    ProcessId process;
  };
  struct Write {
    ProcessId process;
    std::string text;
  };
  struct List {
    ProcessId from;
    GetLogs question;
  };
  struct Read {
    ProcessId from;
    ReadLog question;
  };
  using Order = std::variant<LogRecord, Rename, End, Write, List, Read>;

  void post(Order order);
  void run();
  void carry_out(const LogRecord& record) { book_.begin(record); }
  void carry_out(const Rename& rename) { book_.rename(rename.process, rename.name, rename.actor); }
  void carry_out(const End& end);
  void carry_out(const Write& write);
  void carry_out(const List& list);
  void carry_out(const Read& read);
  Status open_folder();
  Status append(const LogBook::Append& to, ProcessId process, std::string_view text);
  Result<std::string> read(const LogBook::Place& place, std::uint64_t bytes) const;
  void remove(const std::vector<std::string>& files);
  void fail(const Status& why);

  const Options options_;
  Mailbox<std::pair<ProcessId, Message>> answers_;
  Fd room_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Order> orders_;
  std::size_t waiting_ = 0;  // bytes that are to be written
  bool was_full_ = false;
  bool closed_ = false;

  // What follows is the thread's.
  struct Open {
    std::string name;
    Fd fd;
  };
  LogBook book_;
  Fd folder_;
  std::map<ProcessId, Open> open_;
  std::string why_;  // nothing is written any more

  std::thread thread_;
};

// As `atoll run` told the daemons: ATOLL_LOG_BYTES, of each process, and ATOLL_KEEP_LOGS, a folder; else the files lie
// in the session's. None: no files are wanted.
std::optional<LogFiles::Options> log_options(const Environment& environment, const std::string& node,
                                             const std::string& session);

}  // namespace Atoll
