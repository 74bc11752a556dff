#include "launcher/topo_svg_layout.h"

#include <algorithm>
#include <cmath>

namespace Atoll {

namespace {

constexpr double kMargin = 24, kHeadline = 44, kBetween = 32;
constexpr double kGpuWidth = 160, kGpuHeight = 64, kGpuGap = 40;
constexpr double kPadding = 24, kTitle = 32;
constexpr double kNicWidth = 92, kNicHeight = 24, kNicGap = 8;
constexpr double kHubWidth = 260, kHubHeight = 44, kAboveHub = 56;
constexpr double kLeastWidth = 640;
constexpr std::size_t kMostNics = 32;       // of a box
constexpr std::size_t kMostDrawnAlike = 8;  // GPUs

std::size_t columns_of(std::size_t gpus) {
  if (gpus <= 8) return std::clamp<std::size_t>(gpus, 1, 4);
  return static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(gpus))));
}

double inner_width(const NumaBox& box) {
  const auto columns = static_cast<double>(columns_of(box.gpus.size()));
  return std::max(columns * kGpuWidth + (columns - 1) * kGpuGap, 2 * kNicWidth + kNicGap);
}

std::size_t nic_rows(const NumaBox& box, std::size_t columns) {
  return (std::min(box.nics.size(), kMostNics) + columns - 1) / columns;
}

// Places what is in one NUMA node from (x, y) on: NICs above GPUs, whose links bend down.
SvgPlace place_box(const NumaBox& box, double x, double y, SvgLayout& layout) {
  const double inner = inner_width(box), left = x + kPadding;
  const auto nic_columns = static_cast<std::size_t>((inner + kNicGap) / (kNicWidth + kNicGap));
  double top = y + kTitle + kNicGap;
  for (std::size_t i = 0; i < std::min(box.nics.size(), kMostNics); ++i)
    layout.nics.push_back(
        {box.nics[i].name,
         {left + static_cast<double>(i % nic_columns) * (kNicWidth + kNicGap),
          top + static_cast<double>(i / nic_columns) * (kNicHeight + kNicGap), kNicWidth, kNicHeight}});
  top += static_cast<double>(nic_rows(box, nic_columns)) * (kNicHeight + kNicGap) + kNicGap;
  const std::size_t columns = columns_of(box.gpus.size()), rows = (box.gpus.size() + columns - 1) / columns;
  for (std::size_t i = 0; i < box.gpus.size(); ++i)
    layout.gpus[box.gpus[i].index] = {left + static_cast<double>(i % columns) * (kGpuWidth + kGpuGap),
                                      top + static_cast<double>(i / columns) * (kGpuHeight + kGpuGap), kGpuWidth,
                                      kGpuHeight};
  return {x, y, inner + 2 * kPadding, top + static_cast<double>(rows) * (kGpuHeight + kGpuGap) + kNicGap - y};
}

// Returns where the next thing may begin.
double place_boxes(const std::vector<NumaBox>& boxes, std::size_t abreast, SvgLayout& layout) {
  double left = 0, y = kMargin + kHeadline;
  for (std::size_t i = 0; i < boxes.size(); i += abreast) left = std::max(left, inner_width(boxes[i]) + 2 * kPadding);
  for (std::size_t i = 0; i < boxes.size(); i += abreast) {
    double bottom = y;
    for (std::size_t j = i; j < std::min(i + abreast, boxes.size()); ++j) {
      const double x = kMargin + (j == i ? 0 : left + kBetween);
      const SvgPlace place = place_box(boxes[j], x, y, layout);
      layout.boxes.push_back({title_of(boxes[j]), place});
      layout.width = std::max(layout.width, place.x + place.width + kMargin);
      bottom = std::max(bottom, place.y + place.height);
    }
    y = bottom + kBetween;
  }
  return y;
}

double place_hubs(const std::vector<Island>& islands, double y, SvgLayout& layout) {
  for (std::size_t i = 0; i < islands.size(); ++i)
    if (drawn_as_hub(islands[i])) layout.hubs[i] = {};
  if (layout.hubs.empty()) return y;
  const auto count = static_cast<double>(layout.hubs.size());
  layout.width = std::max(layout.width, 2 * kMargin + count * kHubWidth + (count - 1) * kBetween);
  double x = (layout.width - count * kHubWidth - (count - 1) * kBetween) / 2;
  for (auto& [island, place] : layout.hubs) {
    place = {x, y - kBetween + kAboveHub, kHubWidth, kHubHeight};
    x += kHubWidth + kBetween;
  }
  return y - kBetween + kAboveHub + kHubHeight + kBetween;
}

}  // namespace

bool drawn_as_hub(const Island& island) {
  return island.kind == IslandKind::kNvswitch || (island.uniform && island.gpus.size() > kMostDrawnAlike);
}

SvgLayout lay_out(const Machine& machine, const std::vector<Island>& islands, std::size_t legend_lines) {
  SvgLayout layout;
  layout.width = kLeastWidth;
  const std::vector<NumaBox> boxes = numa_boxes(machine);
  const bool stacked = boxes.size() == 2 && std::none_of(islands.begin(), islands.end(), drawn_as_hub);
  const double y = place_hubs(islands, place_boxes(boxes, stacked ? 1 : 2, layout), layout);
  const double height = kSvgLine * static_cast<double>(legend_lines);
  layout.legend = {kMargin, y, layout.width - 2 * kMargin, height};
  layout.height = y + height + kMargin;
  return layout;
}

}  // namespace Atoll
