#pragma once

#include <cstdint>
#include <vector>

namespace Atoll {

// Tracks for what overlaps in time, so that on each one comes after the other. TRACKS-1: of two on the same track the
// later to be placed begins when the earlier has ended, or later.
class TimelineLanes {
 public:
  // The first of them is `first`; there are `most`, of which the last takes whatever else comes.
  explicit TimelineLanes(std::uint32_t first, std::uint32_t most = 256) : first_(first), most_(most) {}

  std::uint32_t place(std::int64_t begin_ns, std::int64_t end_ns) {
    std::size_t lane = 0;
    while (lane < ends_.size() && ends_[lane] > begin_ns && lane + 1 < most_) ++lane;
    if (lane == ends_.size()) ends_.push_back(end_ns);
    ends_[lane] = end_ns;
    return first_ + static_cast<std::uint32_t>(lane);
  }

 private:
  std::uint32_t first_, most_;
  std::vector<std::int64_t> ends_;
};

// Tracks of a process: its threads', and from here on those of calls that share one, and of what a daemon does.
inline constexpr std::uint32_t kTracksOfAKind = 1'000;
inline constexpr std::uint32_t kCallTracks = 1 * kTracksOfAKind;
inline constexpr std::uint32_t kTransferTracks = 2 * kTracksOfAKind;
inline constexpr std::uint32_t kSpillTracks = 3 * kTracksOfAKind;
inline constexpr std::uint32_t kStartTracks = 4 * kTracksOfAKind;
inline constexpr std::uint32_t kLeaseTracks = 5 * kTracksOfAKind;

}  // namespace Atoll
