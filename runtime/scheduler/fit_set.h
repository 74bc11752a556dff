#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace Atoll {

// A set of small numbers that finds the lowest member from some number on
// quickly: one bit a number, and one bit for each word of 64 that has a member.
class FitSet {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  void set(std::uint32_t number, bool member) {
    const std::size_t word = number / 64;
    if (word >= words_.size()) {
      if (!member) return;
      words_.resize(word + 1);
      filled_.resize(word / 64 + 1);
    }
    put(words_[word], number % 64, member);
    put(filled_[word / 64], word % 64, words_[word] != 0);
  }

  bool contains(std::uint32_t number) const {
    return number / 64 < words_.size() && (words_[number / 64] >> number % 64 & 1) != 0;
  }

  // The lowest member that is at least `from`, or kNone.
  std::uint32_t first(std::uint32_t from) const {
    std::size_t word = first_in(words_, from, from / 64 + 1);
    if (word != kEnd) return static_cast<std::uint32_t>(word);
    word = first_in(filled_, from / 64 + 1, filled_.size());
    if (word == kEnd) return kNone;
    return static_cast<std::uint32_t>(word * 64 + std::countr_zero(words_[word]));
  }

 private:
  static constexpr std::size_t kEnd = ~std::size_t{0};

  static void put(std::uint64_t& word, std::size_t bit, bool value) {
    word = (word & ~(std::uint64_t{1} << bit)) | (std::uint64_t{value} << bit);
  }

  // The first bit set from bit `from` on, in the words before `end`, or kEnd.
  static std::size_t first_in(const std::vector<std::uint64_t>& words, std::size_t from, std::size_t end) {
    std::uint64_t mask = ~std::uint64_t{0} << from % 64;
    for (std::size_t i = from / 64; i < end && i < words.size(); ++i, mask = ~std::uint64_t{0})
      if (words[i] & mask) return i * 64 + std::countr_zero(words[i] & mask);
    return kEnd;
  }

  std::vector<std::uint64_t> words_;
  std::vector<std::uint64_t> filled_;  // which words are not 0
};

}  // namespace Atoll
