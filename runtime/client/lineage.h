#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/client/call.h"

namespace Atoll {

// Who made an object of ours, or why that is not done again.
enum class Origin : std::uint8_t {
  kPut = 0,    // the user, or what is no task
  kTask,       // a task whose recipe is kept
  kCall,       // an actor's call
  kOnce,       // a task without retries
  kUsedUp,     // a task that has none left
  kCancelled,  // a task that somebody cancelled
  kForgotten,  // a task whose recipe made room for others
  kActor,      // it has no value: references to it are the handles to an actor of ours
};

// How an object was made: what it takes to run its task again. Arguments that are copies in a node's memory are objects still,
// which are not kept for it: they may have to be made again, too. All others are values, with what CallArgument::keep keeps: the
// objects whose values they were, and so the references inside.
struct Recipe {
  TaskSpec spec;
  std::int32_t attempts_left = 0;  // -1: without limit
};

// The recipes of a process's objects that are copies in some node's memory, and may be lost. Logic; by the number of the object.
//
// LINEAGE-1 a recipe is kept while its object lives, and while the object is an argument of a recipe that is kept
// LINEAGE-2 all recipes together have kMostLineage bytes at most: the oldest are forgotten first
// LINEAGE-6 the references inside of its values live as long as a recipe
class Lineage {
 public:
  explicit Lineage(ProcessId self, std::uint64_t most_bytes = kMostLineage) : self_(self), most_bytes_(most_bytes) {}

  // The result of this task lives. If it was made by its recipe, that is kept on with the attempts that are left. Returns the
  // living objects whose recipes are forgotten for it.
  std::vector<std::uint64_t> keep(Recipe recipe);
  // Whether it can be made again.
  bool has(std::uint64_t object) const;
  // For one more run, which counts. kNotFound if it cannot.
  Result<Recipe> use(std::uint64_t object);
  // The object is forgotten, or lives again as an argument. Without a recipe these do nothing.
  void release(std::uint64_t object);
  void revive(std::uint64_t object);
  // It is not to be made again.
  void forget(std::uint64_t object);

  std::size_t size() const { return recipes_.size(); }
  std::uint64_t bytes() const { return bytes_; }

  // Those of 100,000 tasks with small arguments, or a thousand times 60 kB of them.
  static constexpr std::uint64_t kMostLineage = std::uint64_t{64} << 20;

 private:
  struct Entry {
    Recipe recipe;
    std::uint64_t age = 0;  // its place in ages_; 0: the recipe is forgotten
    std::uint64_t bytes = 0;
    std::vector<std::uint64_t> uses;  // objects among its arguments that have entries
    std::uint32_t used_by = 0;        // how often it is such a one
    bool lives = true;                // its object
  };

  std::uint64_t size_of(const Recipe& recipe) const;
  void end(std::uint64_t object);

  ProcessId self_;
  std::uint64_t most_bytes_;
  std::unordered_map<std::uint64_t, Entry> recipes_;
  std::map<std::uint64_t, std::uint64_t> ages_;  // objects, the oldest recipe first
  std::uint64_t next_age_ = 1;
  std::uint64_t bytes_ = 0;
};

}  // namespace Atoll
