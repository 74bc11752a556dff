#pragma once

#include <string>
#include <vector>

#include "launcher/top_data.h"

namespace Atoll {

enum class TopSort { kCpu, kMemory, kWork, kNode };
inline constexpr const char* kTopSorts[] = {"cpu", "memory", "work", "node"};
// kInvalidArgument names those that there are.
Result<TopSort> parse_top_sort(const std::string& word);

// What the person at the keys has chosen.
struct TopView {
  TopSort sort = TopSort::kCpu;
  std::string filter;     // only nodes and processes that have it somewhere; "" for all
  std::size_t first = 0;  // of the processes, on top
  bool helping = false;
  bool typing = false;  // a filter
  std::string typed;
};

// A key that says something here; all others are kOther, with the letter.
enum class TopKey { kUp, kDown, kPageUp, kPageDown, kHome, kEnter, kEscape, kErase, kInterrupt, kOther };
// Takes a key. Whether the person wants to leave.
bool take_key(TopView& view, TopKey key, char letter = '\0');

// A line of the screen, and how it is to look.
enum class TopStyle { kPlain, kTitle, kHead, kBusy, kDead };
struct TopLine {
  std::string text;
  TopStyle style = TopStyle::kPlain;
};

// The frame: no line is wider than `width`, and there are no more than `height`, 0 for as many as it takes. Pure but for
// view.first, which is brought back to where there are processes.
std::vector<TopLine> draw_top(const TopData& data, TopView& view, std::size_t width, std::size_t height);

}  // namespace Atoll
