#pragma once

#include <map>
#include <string>
#include <vector>

#include "launcher/topo_layout.h"

namespace Atoll {

// Where things are in the SVG, in pixels from the upper left corner.
struct SvgPlace {
  double x = 0, y = 0, width = 0, height = 0;
  double middle_x() const { return x + width / 2; }
  double middle_y() const { return y + height / 2; }
  friend bool operator==(const SvgPlace&, const SvgPlace&) = default;
};

struct SvgBox {
  std::string title;
  SvgPlace place;
};

struct SvgNic {
  std::string name;
  SvgPlace place;
};

struct SvgLayout {
  double width = 0, height = 0;
  std::vector<SvgBox> boxes;
  std::map<int, SvgPlace> gpus;  // by index
  std::vector<SvgNic> nics;
  std::map<std::size_t, SvgPlace> hubs;  // by island, of those that are drawn as one
  SvgPlace legend;                       // a line of it is kSvgLine high
};

inline constexpr double kSvgLine = 20;

// Whether the island's links are drawn as a hub: a switch, or so many links alike that one sees none of them.
bool drawn_as_hub(const Island& island);

// NUMA nodes two abreast (two without a hub one above the other), under them the hubs, under them `legend_lines` lines.
SvgLayout lay_out(const Machine& machine, const std::vector<Island>& islands, std::size_t legend_lines);

}  // namespace Atoll
