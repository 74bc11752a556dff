#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "topology/pick.h"

namespace Atoll {

// Answers of pick_gpus() that were given before. Nodes that share a graph share its answers. One thread.
//
// MEMO-1 an answer is that of pick_gpus()
// MEMO-2 it holds at most `most` answers; when it is full it forgets them all and begins anew
class PickMemo {
 public:
  explicit PickMemo(std::size_t most = 16'384) : most_(most) {}

  // As pick_gpus(). `free` may hold positions of graphs of up to 64 GPUs, of larger ones nothing is kept. The graph is
  // known by its address and kept alive as long as an answer about it. The result is valid until the next call; null:
  // there is none.
  const Pick* pick(const std::shared_ptr<const GpuGraph>& graph, const std::vector<int>& free, int k);
  // The same with the free GPUs as bits by position, of graphs of up to 64 GPUs.
  const Pick* pick(const std::shared_ptr<const GpuGraph>& graph, std::uint64_t free, int k);

  std::size_t size() const { return answers_.size(); }

 private:
  struct Question {
    std::shared_ptr<const GpuGraph> graph;
    std::uint64_t free = 0;
    int k = 0;
    friend bool operator==(const Question&, const Question&) = default;
  };
  struct Hash {
    std::size_t operator()(const Question& question) const;
  };

  std::size_t most_;
  std::unordered_map<Question, Pick, Hash> answers_;
  std::optional<Pick> unkept_;
};

}  // namespace Atoll
