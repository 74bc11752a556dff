#pragma once

#include <map>
#include <string>

#include "runtime/base/fixed.h"
#include "runtime/base/status.h"

namespace Atoll {

// How much of what: a request's shape, or a node's total. CPU and GPU are
// counts, memory is in bytes (whole), custom resources have names of the
// user's own. What is not named is 0.
struct Resources {
  Fixed cpu = {};
  Fixed gpu = {};
  std::uint64_t memory = 0;  // bytes
  std::map<std::string, Fixed> custom = {};

  bool is_zero() const;
  // Sums of what bundles ask for come from outside: they stop at the largest amount, never wrap.
  Resources& operator+=(const Resources& other);
  // `other` is covered by this, which is checked.
  Resources& operator-=(const Resources& other);
  friend bool operator==(const Resources&, const Resources&) = default;
  friend auto operator<=>(const Resources&, const Resources&) = default;
};

// Whether there is at least as much of every kind in `have` as in `need`, taking
// GPUs as one amount.
bool covers(const Resources& have, const Resources& need);

// A request is well formed if no amount is negative, its GPU amount is at most
// one or whole (DESIGN §4), and no custom resource is called cpu, gpu or memory.
Status check_request(const Resources& request);

// Custom resources as people type them: "license=4,scratch=0.5". kInvalidArgument
// for anything else, a name that occurs twice, or one that is cpu, gpu or memory.
Result<std::map<std::string, Fixed>> parse_custom_resources(const std::string& text);

// For people: "2 cpu, 0.5 gpu, 4 GiB memory, 1 license".
std::string to_string(const Resources& resources);

}  // namespace Atoll
