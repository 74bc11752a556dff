// atoll timeline: what a cluster's processes ran and waited for, as a trace.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "launcher/commands.h"
#include "launcher/find_cluster.h"
#include "launcher/into_job.h"
#include "launcher/say.h"
#include "launcher/subcommand.h"
#include "launcher/write_timeline.h"
#include "runtime/base/fd.h"

namespace Atoll {
namespace {

struct TimelineCommand {
  ClusterChoice choice;
  std::string output = "timeline.json";
  double last = 0;
};

int fail(const Status& status) {
  say_error(status.message());
  return status.code() == Code::kInvalidArgument ? kExitUsage : kExitFailure;
}

// In the job it is written to standard output, which is our file.
int ask_there(const TimelineCommand& command, const CommandLine& line) {
  if (command.output != "-") {
    const Fd file(::open(command.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file.valid() || ::dup2(file.get(), STDOUT_FILENO) < 0)
      return fail(errno_status("cannot write " + command.output, errno));
  }
  CommandLine there = line;
  there.words = without_output(line.words);
  there.words.insert(there.words.end(), {"-o", "-"});
  return run_into_job(command.choice.job, there);
}

int execute(const TimelineCommand& command, const CommandLine& line) {
  if (is_elsewhere(command.choice.job, current_environment())) return ask_there(command, line);
  const Result<Session> session = find_cluster(command.choice);
  if (!session.ok()) return fail(session.status());
  const TimelineWish wish{command.last, to_duration(command.choice.timeout)};
  const Status written = write_timeline_file(*session, wish, command.output, /*quiet=*/false);
  return written.ok() ? kExitOk : fail(written);
}

}  // namespace

std::vector<std::string> without_output(const std::vector<std::string>& words) {
  std::vector<std::string> left;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "-o" || words[i] == "--output")
      ++i;
    else if (!words[i].starts_with("--output=") && !words[i].starts_with("-o"))
      left.push_back(words[i]);
  }
  return left;
}

void add_timeline(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<TimelineCommand>();
  Subcommand timeline(app, "timeline", "Write what tasks, actors and transfers a cluster ran as a trace for ui.perfetto.dev");
  timeline.add("-o,--output", command->output, "the file; - for standard output (default timeline.json)");
  timeline.add("--last", command->last, "only the last so many seconds (default: all that is kept)").above_zero();
  command->choice.add_to(timeline);
  timeline.run([command, &line] { line.exit_code = execute(*command, line); });
}

}  // namespace Atoll
