#include "launcher/topo_drawing.h"

#include <algorithm>
#include <map>

#include "launcher/topo_layout.h"

namespace Atoll {

namespace {

using Lines = std::vector<std::string>;

// While a drawing is composed, each line character is one byte, so that a string is as wide as it is long.
enum Stroke : char { kAcross = 1, kDown, kTopLeft, kTopRight, kBottomLeft, kBottomRight, kDot };
constexpr const char* kUnicodeStrokes[] = {"", "─", "│", "┌", "┐", "└", "┘", "·"};
constexpr const char* kAsciiStrokes[] = {"", "-", "|", "+", "+", "+", "+", "."};

std::string across(std::size_t width) { return std::string(width, kAcross); }

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::string stroked(const std::string& text, Glyphs glyphs) {
  std::string result;
  for (const char c : text) {
    if (c >= kAcross && c <= kDot) {
      result += glyphs == Glyphs::kUnicode ? kUnicodeStrokes[static_cast<int>(c)] : kAsciiStrokes[static_cast<int>(c)];
    } else {
      result += c;
    }
  }
  return result;
}

std::size_t width_of(const Lines& lines) {
  std::size_t width = 0;
  for (const std::string& line : lines) width = std::max(width, line.size());
  return width;
}

std::string text_of(const Lines& lines, Glyphs glyphs) {
  std::string text;
  for (const std::string& line : lines) text += stroked(line.substr(0, line.find_last_not_of(' ') + 1), glyphs) + "\n";
  return text;
}

// Puts `right` beside `left`, two blanks apart.
void put_beside(Lines& left, const Lines& right) {
  const std::size_t at = left.empty() ? 0 : width_of(left) + 2;
  left.resize(std::max(left.size(), right.size()));
  for (std::size_t i = 0; i < right.size(); ++i) left[i] = padded(left[i], at) + right[i];
}

Lines framed(const std::string& title, const Lines& inside) {
  const std::size_t width = std::max(width_of(inside), title.size() + 2);
  std::string top(1, kTopLeft);
  top += kAcross;
  top += " " + title + " " + across(width - title.size() - 1) + static_cast<char>(kTopRight);
  Lines lines = {top};
  const std::string side(1, kDown);
  for (const std::string& line : inside) lines.push_back(side + " " + padded(line, width) + " " + side);
  lines.push_back(static_cast<char>(kBottomLeft) + across(width + 2) + static_cast<char>(kBottomRight));
  return lines;
}

constexpr std::size_t kInside = (kTopoWidth - 2) / 2 - 4;  // of a box; two fit side by side
constexpr std::size_t kMostNics = 32;                      // of a box

Lines gpu_box(const std::string& number, const std::string& island) {
  const std::size_t width = std::max({number.size() + 2, island.size() + 1, std::size_t{3}});
  const std::string label = padded(" " + number, width);
  return {static_cast<char>(kTopLeft) + across(width) + static_cast<char>(kTopRight),
          static_cast<char>(kDown) + label + static_cast<char>(kDown),
          static_cast<char>(kBottomLeft) + island + across(width - island.size()) + static_cast<char>(kBottomRight)};
}

// Names one after the other, as many to a line as fit.
Lines wrapped(const std::vector<std::string>& names, std::size_t width) {
  Lines lines;
  for (const std::string& name : names) {
    if (lines.empty() || lines.back().size() + 1 + name.size() > width) {
      lines.push_back(name);
    } else {
      lines.back() += " " + name;
    }
  }
  return lines;
}

Lines nic_lines(const NumaBox& box) {
  std::vector<std::string> names;
  for (const Nic& nic : box.nics) {
    if (names.size() == kMostNics) {
      names.push_back("and " + std::to_string(box.nics.size() - kMostNics) + " more");
      break;
    }
    names.push_back(printable(nic.name, 20));
  }
  return wrapped(names, kInside);
}

Lines numa_lines(const NumaBox& box, const std::vector<Island>& islands, const std::vector<int>& picked) {
  Lines all, row;
  for (const GpuInfo& gpu : box.gpus) {
    std::string mark = island_name(island_of(islands, gpu.index));
    if (std::binary_search(picked.begin(), picked.end(), gpu.index)) mark += "*";
    const Lines one = gpu_box(std::to_string(gpu.index), mark);
    if (!row.empty() && width_of(row) + 1 + width_of(one) > kInside) {
      all.insert(all.end(), row.begin(), row.end());
      row.clear();
    }
    row.resize(one.size());
    for (std::size_t i = 0; i < one.size(); ++i) row[i] += (row[i].empty() ? "" : " ") + one[i];
  }
  all.insert(all.end(), row.begin(), row.end());
  for (const std::string& line : nic_lines(box)) all.push_back(line);
  return framed(title_of(box), all);
}

// The matrix of some GPUs.
class Matrix {
 public:
  Matrix(const Machine& machine, const std::vector<int>& gpus) : gpus_(gpus) {
    for (const Link& link : machine.links) {
      const std::string lanes = (link.via_switch ? "s" : "") + std::to_string(link.lanes);
      cells_[{link.a, link.b}] = cells_[{link.b, link.a}] = lanes;
      cell_ = std::max(cell_, lanes.size());
    }
    for (const int gpu : gpus) head_ = std::max(head_, std::to_string(gpu).size());
    cell_ = std::max(cell_, head_);
  }

  bool fits() const { return 2 + head_ + gpus_.size() * (cell_ + 2) <= kTopoWidth; }

  Lines lines() const {
    Lines lines = {std::string(2 + head_, ' ')};
    for (const int gpu : gpus_) lines[0] += right_aligned(std::to_string(gpu));
    for (const int gpu : gpus_) {
      lines.push_back("  " + padded(std::to_string(gpu), head_));
      for (const int other : gpus_) lines.back() += right_aligned(cell(gpu, other));
    }
    return lines;
  }

 private:
  std::string right_aligned(const std::string& text) const { return std::string(cell_ + 2 - text.size(), ' ') + text; }

  std::string cell(int a, int b) const {
    if (a == b) return "";
    const auto found = cells_.find({a, b});
    return found == cells_.end() ? std::string(1, kDot) : found->second;
  }

  const std::vector<int>& gpus_;
  std::map<std::pair<int, int>, std::string> cells_;
  std::size_t cell_ = 1, head_ = 1;
};

}  // namespace

std::string draw_numa(const Machine& machine, const std::vector<Island>& islands, const std::vector<int>& picked,
                      Glyphs glyphs) {
  std::string text;
  Lines row;
  for (const NumaBox& box : numa_boxes(machine)) {
    const Lines lines = numa_lines(box, islands, picked);
    if (!row.empty() && width_of(row) + 2 + width_of(lines) > kTopoWidth) {
      text += text_of(row, glyphs);
      row.clear();
    }
    put_beside(row, lines);
  }
  return text + text_of(row, glyphs);
}

std::string draw_links(const Machine& machine, const std::vector<Island>& islands, Glyphs glyphs) {
  if (machine.links.empty()) return "";
  std::vector<int> all;
  for (const GpuInfo& gpu : machine.gpus) all.push_back(gpu.index);
  if (const Matrix matrix(machine, all); matrix.fits()) return text_of(matrix.lines(), glyphs);
  std::string text;
  for (std::size_t i = 0; i < islands.size(); ++i) {
    if (islands[i].uniform) continue;
    const Matrix matrix(machine, islands[i].gpus);
    text += "  island " + island_name(i);
    text += matrix.fits() ? "\n" + text_of(matrix.lines(), glyphs) : ": too wide to draw; --json has its links\n";
  }
  return text;
}

}  // namespace Atoll
