#pragma once

#include <poll.h>

#include <string>
#include <vector>

#include "launcher/child.h"
#include "launcher/log_view.h"
#include "launcher/output.h"
#include "launcher/plan.h"
#include "runtime/base/fd.h"
#include "runtime/wire/control_line.h"

namespace Atoll {

// The daemons of a cluster as its launcher sees them: one child process (srun, or the daemon itself for --local) and
// three pipes. The daemons' events come in on its stdout; everything else on stdout and stderr is passed on to ours.
class Step {
 public:
  // Starts plan.argv. `secret` is the text for ATOLL_SECRET. How what it prints on stdout and stderr is shown: `out`, `err`.
  static Result<Step> start(const LaunchPlan& plan, const Environment& environment, const std::string& secret,
                            const LogView::Options& out, const LogView::Options& err);

  // What to wait for before the next pump().
  void add_to(std::vector<pollfd>& fds) const;
  // When the next pump() is wanted, though nothing happens.
  std::optional<Time> next_tick() const;
  // Moves what can be moved, and looks whether the child ended. Never blocks. Warnings are for stderr.
  void pump(std::vector<ControlEvent>& events, std::vector<std::string>& warnings);

  void send(const ControlCommand& command);
  // No more commands: every daemon sees the end of its stdin and stops.
  void close_input();

  Child& child() { return child_; }
  // The child ended and all it said has been read.
  bool over() const { return !child_.running() && !out_.valid() && !err_.valid(); }
  // Whoever reads our output does not, so that what is left of it cannot be read.
  bool held_up() const { return stdout_.full() || stderr_.full(); }
  // How it ended, with srun's own reason: "srun ended with exit code 1: Unable to create step for job 7: …".
  std::string how_it_ended() const;
  // Writes what is kept of the output, blocking; call at the end.
  void flush();
  // The pipes may be held open by a process we cannot reach: stops reading.
  void drop_output();

 private:
  Step(Child child, Fd in, Fd out, Fd err, std::string program, const LogView::Options& out_view,
       const LogView::Options& err_view);
  void read_out(std::vector<ControlEvent>& events, std::vector<std::string>& warnings);
  void read_err();
  void pass_on_line(const std::string& line);
  void write_in();

  Child child_;
  Fd in_, out_, err_;
  std::string program_;  // "srun", "atolld"
  std::string commands_;
  bool closing_ = false;
  EventReader reader_;
  std::string err_line_;
  std::string last_complaint_;
  LogView out_view_, err_view_;
  Output stdout_{1};
  Output stderr_{2};
};

// What srun complains of in this line of its stderr, without "srun: error: "; "" if it does not.
std::string srun_complaint(const std::string& line);

// "n4: task 3: Killed", "n[1-2]: tasks 0-1: Exited with exit code 1".
bool is_end_of_task(const std::string& complaint);

// Slurm's words for the daemons' step when the job or the step is cancelled or over: "slurmstepd: error: *** STEP 7.1
// ON n1 CANCELLED AT …", "srun: Job step aborted: …". The user has them of his own step, and from us in one sentence.
bool tells_of_cancel(const std::string& line);

// A line of srun that tells the user nothing: it warns about options of ours that are right.
bool is_noise(const std::string& line);

}  // namespace Atoll
