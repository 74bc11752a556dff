#pragma once

#include "runtime/base/clock.h"
#include "runtime/wire/control_line.h"
#include "runtime/wire/wireup.h"

namespace Atoll {

// Wire-up through the launcher, for sites whose Slurm has no PMIx plugin and for `atoll run --local`: prints the own
// card as an event on `out` and waits for rank 0's as a command on `in` (control_line.h). Rank 0 does not wait for
// itself.
class StdioWireUp : public WireUpChannel {
 public:
  struct Options {
    int in = 0;
    int out = 1;
    Duration deadline = std::chrono::seconds(60);
  };

  StdioWireUp(Environment environment, StageReport report);
  StdioWireUp(Environment environment, StageReport report, Options options);

  Result<WireUp> begin() override;
  Result<Card> exchange(const Card& own) override;

  // Bytes that came after the card's line: the first of what the daemon's own reader of `in` must see.
  const std::string& unread() const { return unread_; }

 private:
  Result<Card> wait_for_card();

  WireUp wire_up_;
  StageReport report_;
  Options options_;
  std::string unread_;
};

// Writes one event to `fd`, each of its lines with one write(). Blocking.
Status write_event(int fd, const ControlEvent& event);

}  // namespace Atoll
