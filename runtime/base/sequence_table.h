#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <new>
#include <unordered_map>
#include <utility>

#include "runtime/base/check.h"

namespace Atoll {

// Values by number, where numbers come mostly in the order of counting and live
// about as long as each other: pages of 64, found through a few that were used
// last. A hash table of as many would miss the cache at every step.
//
// Values keep their place until they are erased. A page lives as long as one of
// its values. Not for several threads.
template <typename T>
class SequenceTable {
 public:
  SequenceTable() = default;
  SequenceTable(const SequenceTable&) = delete;
  SequenceTable& operator=(const SequenceTable&) = delete;

  T* find(std::uint64_t number) {
    Page* page = page_of(number);
    return page == nullptr || !page->has(slot_of(number)) ? nullptr : page->at(slot_of(number));
  }
  const T* find(std::uint64_t number) const { return const_cast<SequenceTable*>(this)->find(number); }
  bool contains(std::uint64_t number) const { return find(number) != nullptr; }

  // The value, and whether it is new: made of `arguments` then.
  template <typename... Arguments>
  std::pair<T*, bool> try_emplace(std::uint64_t number, Arguments&&... arguments) {
    Page* page = page_of(number);
    if (page == nullptr) page = add_page(number / kPage);
    const unsigned slot = slot_of(number);
    if (page->has(slot)) return {page->at(slot), false};
    ::new (page->at(slot)) T(std::forward<Arguments>(arguments)...);
    page->used |= bit(slot);
    ++size_;
    return {page->at(slot), true};
  }

  // The number has a value, which is checked.
  void erase(std::uint64_t number) {
    Page* page = page_of(number);
    const unsigned slot = slot_of(number);
    ATOLL_CHECK(page != nullptr && page->has(slot), number);
    page->used &= ~bit(slot);
    --size_;
    std::destroy_at(page->at(slot));  // may look up others, and so must come last but for the page's own end
    if (page->used == 0) drop_page(number / kPage);
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Calls `each(number, value)` for all, in no order. It must not add or erase.
  template <typename Each>
  void for_each(Each each) {
    for (auto& [place, page] : pages_)
      for (std::uint64_t left = page->used; left != 0; left &= left - 1) {
        const auto slot = static_cast<unsigned>(std::countr_zero(left));
        each(place * kPage + slot, *page->at(slot));
      }
  }
  template <typename Each>
  void for_each(Each each) const {
    const_cast<SequenceTable*>(this)->for_each([&](std::uint64_t number, const T& value) { each(number, value); });
  }

 private:
  static constexpr std::uint64_t kPage = 64;
  static constexpr std::size_t kRecent = 16;

  static unsigned slot_of(std::uint64_t number) { return static_cast<unsigned>(number % kPage); }
  static std::uint64_t bit(unsigned slot) { return std::uint64_t{1} << slot; }

  struct Page {
    std::uint64_t used = 0;
    alignas(T) std::array<std::byte, sizeof(T) * kPage> room;

    Page() {}  // NOLINT: the room is not cleared
    ~Page() {
      for (; used != 0; used &= used - 1) std::destroy_at(at(static_cast<unsigned>(std::countr_zero(used))));
    }
    bool has(unsigned slot) const { return (used & bit(slot)) != 0; }
    T* at(unsigned slot) { return std::launder(reinterpret_cast<T*>(room.data() + slot * sizeof(T))); }
  };
  struct Recent {
    std::uint64_t place = 0;
    Page* page = nullptr;
  };

  Page* page_of(std::uint64_t number) {
    const std::uint64_t place = number / kPage;
    Recent& recent = recent_[place % kRecent];
    if (recent.page != nullptr && recent.place == place) return recent.page;
    const auto found = pages_.find(place);
    if (found == pages_.end()) return nullptr;
    recent = {place, found->second.get()};
    return recent.page;
  }
  Page* add_page(std::uint64_t place) {
    std::unique_ptr<Page> page = spare_ != nullptr ? std::move(spare_) : std::make_unique<Page>();
    Page* raw = page.get();
    pages_.emplace(place, std::move(page));
    recent_[place % kRecent] = {place, raw};
    return raw;
  }
  void drop_page(std::uint64_t place) {
    recent_[place % kRecent] = {};
    const auto entry = pages_.find(place);
    if (entry->second->used != 0) return;  // the last value's end added another
    spare_ = std::move(entry->second);  // the next one is soon wanted
    pages_.erase(entry);
  }

  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
  std::unique_ptr<Page> spare_;
  std::array<Recent, kRecent> recent_{};
  std::size_t size_ = 0;
};

}  // namespace Atoll
