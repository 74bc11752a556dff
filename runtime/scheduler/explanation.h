#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/scheduler/node_resources.h"

namespace Atoll {

// Says in one sentence, in counts, why one request fits nowhere, or where it
// does: "needs 1 gpu and 64 cpu on one node; 4 nodes have enough gpu but at most
// 8 cpu". Each node is told to it once.
class Explanation {
 public:
  explicit Explanation(const Resources& request);

  // An alive node, and what of it is free.
  void add_node(const NodeResources& total, const NodeResources& free);

  std::string sentence() const;

  // What follows "needs …", clause by clause: who has it free, who is busy, who is too small.
  std::vector<std::string> clauses() const;

 private:
  // Which kinds a node lacks, by place in kinds_.
  using Lack = std::vector<bool>;
  struct Group {
    std::uint32_t nodes = 0;
    std::vector<Resources> most;  // of each kind, any node of the group has
    bool split_gpus = false;      // some node has GPUs of which only parts are there
  };

  void add_to(std::map<Lack, Group>& groups, const NodeResources& node) const;
  std::string words(const Lack& lack, const Group& group, const std::string& suffix) const;

  Resources request_;
  std::vector<Resources> kinds_;  // what the request asks for, one kind each
  std::uint32_t nodes_ = 0;
  std::uint32_t fitting_ = 0;        // have it free
  std::map<Lack, Group> too_small_;  // cannot have it
  std::map<Lack, Group> busy_;       // could have it, and do not now
};

}  // namespace Atoll
