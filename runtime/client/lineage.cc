#include "runtime/client/lineage.h"

#include <utility>

namespace Atoll {

std::uint64_t Lineage::size_of(const Recipe& recipe) const {
  std::uint64_t bytes = sizeof(Entry) + recipe.spec.function.size();
  for (const CallArgument& argument : recipe.spec.arguments)
    bytes += sizeof argument + (argument.is_object() ? argument.owner.address.size() : argument.value->size());
  return bytes;
}

std::vector<std::uint64_t> Lineage::keep(Recipe recipe) {
  const std::uint64_t object = recipe.spec.task.sequence, bytes = size_of(recipe);
  if (const auto known = recipes_.find(object); known != recipes_.end()) {
    known->second.recipe.attempts_left = recipe.attempts_left;
    return {};
  }
  if (bytes > most_bytes_) return {object};
  Entry entry;
  for (const CallArgument& argument : recipe.spec.arguments) {
    if (!argument.is_object() || argument.object.process != self_) continue;
    const auto used = recipes_.find(argument.object.sequence);
    if (used == recipes_.end()) continue;
    ++used->second.used_by;
    entry.uses.push_back(argument.object.sequence);
  }
  entry.recipe = std::move(recipe);
  entry.age = next_age_++;
  entry.bytes = bytes;
  ages_[entry.age] = object;
  bytes_ += bytes;
  recipes_.emplace(object, std::move(entry));
  std::vector<std::uint64_t> forgotten;
  while (bytes_ > most_bytes_) {
    const std::uint64_t oldest = ages_.begin()->second;
    if (recipes_.at(oldest).lives) forgotten.push_back(oldest);
    end(oldest);
  }
  return forgotten;
}

bool Lineage::has(std::uint64_t object) const {
  const auto entry = recipes_.find(object);
  return entry != recipes_.end() && entry->second.age != 0 && entry->second.recipe.attempts_left != 0;
}

Result<Recipe> Lineage::use(std::uint64_t object) {
  if (!has(object)) return Status(Code::kNotFound, "how it was made is forgotten");
  Recipe& recipe = recipes_.at(object).recipe;
  if (recipe.attempts_left > 0) --recipe.attempts_left;
  return recipe;
}

void Lineage::release(std::uint64_t object) {
  const auto entry = recipes_.find(object);
  if (entry == recipes_.end()) return;
  entry->second.lives = false;
  if (entry->second.used_by == 0) end(object);
}

void Lineage::revive(std::uint64_t object) {
  if (const auto entry = recipes_.find(object); entry != recipes_.end()) entry->second.lives = true;
}

void Lineage::forget(std::uint64_t object) {
  if (recipes_.contains(object)) end(object);
}

// Of the recipe nothing is left; of its entry no more than who counts on it needs. So with those that were kept for it
// alone: a chain of them may be long, hence no recursion.
void Lineage::end(std::uint64_t first) {
  std::vector<std::uint64_t> left{first};
  while (!left.empty()) {
    const auto place = recipes_.find(left.back());
    left.pop_back();
    Entry& entry = place->second;
    if (entry.age != 0) {
      ages_.erase(std::exchange(entry.age, 0));
      bytes_ -= entry.bytes;
      entry.recipe = Recipe();
    }
    for (const std::uint64_t object : std::exchange(entry.uses, {})) {
      Entry& used = recipes_.at(object);
      if (--used.used_by == 0 && (!used.lives || used.age == 0)) left.push_back(object);
    }
    if (entry.used_by == 0) recipes_.erase(place);
  }
}

}  // namespace Atoll
