#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/status.h"
#include "topology/machine.h"

namespace Atoll {

// Reads the text form of a machine (text.h) line by line, for one text. The first error stays. What refers to something
// that a later line may declare is resolved at the end.
class TextReader {
 public:
  Result<Machine> read(std::string_view text);

 private:
  using Words = std::vector<std::string>;
  using Values = std::map<std::string, std::string>;

  // A line "link" or "switch".
  struct Joint {
    int line = 0;
    std::vector<int> gpus;
    Link like;  // what each pair gets; gbps 0 when the text leaves it to the model
  };

  void fail(const std::string& why) { fail_at(number_, why); }
  void fail_at(int line, const std::string& why);

  void read_line(std::string_view line);
  void read_name(const Words& words);
  void read_numa(const Words& words);
  void read_gpu(const Words& words);
  void read_nic(const Words& words);
  void read_link(const Words& words);
  void read_switch(const Words& words);
  void read_fabric(const Words& words);

  int read_index(const Words& words, std::map<int, int>& lines);
  Values read_values(const Words& words, std::size_t from, const Words& keys);
  std::optional<int> read_numa_number(const Values& values);
  void read_speed(const Values& values, Link& link);

  void finish();
  void check_numa();
  void add_named_nics();
  void add_links(const Joint& joint);
  void add_link(const Joint& joint, const GpuInfo& one, const GpuInfo& other);

  Machine machine_;
  Status status_;
  int number_ = 1;
  std::map<int, int> numa_lines_, gpu_lines_;
  std::map<std::string, int> nic_lines_;
  std::map<std::pair<int, int>, int> link_lines_;
  std::vector<Joint> joints_;
  std::set<std::string> uuids_;
};

}  // namespace Atoll
