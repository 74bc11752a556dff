#include "launcher/topo_svg.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "launcher/topo_svg_layout.h"

namespace Atoll {

namespace {

constexpr std::size_t kMostLegend = 16;  // islands

// Okabe and Ito's colours, which the colour-blind tell apart, lightened so that black text stands on them.
constexpr const char* kColours[] = {"#8ecbf0", "#f5c26b", "#7fd1b5", "#e9a6cb",
                                    "#f3e97a", "#f0a27f", "#9db8e8", "#c9c9c9"};
const char* colour_of(std::size_t island) { return kColours[island % std::size(kColours)]; }

std::string escaped(std::string_view text, std::size_t most = 1000) {
  std::string result;
  for (const char c : printable(text, most)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&apos;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string attribute(const char* name, const std::string& value) {
  return " " + std::string(name) + "=\"" + value + "\"";
}

// Writes shapes. Texts are plain: it escapes them.
class SvgWriter {
 public:
  void begin(double width, double height) {
    const std::string size = number(width) + " " + number(height);
    svg_ += "<svg xmlns=\"http://www.w3.org/2000/svg\"" + attribute("width", number(width)) +
            attribute("height", number(height)) + attribute("viewBox", "0 0 " + size) +
            " font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  }
  void rect(const SvgPlace& at, const std::string& style, double round = 8) {
    svg_ += "<rect" + attribute("x", number(at.x)) + attribute("y", number(at.y)) +
            attribute("width", number(at.width)) + attribute("height", number(at.height)) +
            attribute("rx", number(round)) + " " + style + "/>\n";
  }
  void text(double x, double y, const std::string& words, std::size_t most, const std::string& style = "") {
    svg_ += "<text" + attribute("x", number(x)) + attribute("y", number(y)) + (style.empty() ? "" : " " + style) + ">" +
            escaped(words, most) + "</text>\n";
  }
  void curve(const std::string& path, double width, const char* colour, const std::string& title) {
    svg_ += "<path" + attribute("d", path) + " fill=\"none\"" + attribute("stroke", colour) +
            attribute("stroke-width", number(width)) + " stroke-opacity=\"0.8\"><title>" + escaped(title) +
            "</title></path>\n";
  }
  std::string end() { return svg_ + "</svg>\n"; }

 private:
  std::string svg_;
};

std::string pair_of(double x, double y) { return number(x) + "," + number(y); }

// A curve beside the straight line, so that GPUs in a row do not hide their links.
std::string curve_between(const SvgPlace& a, const SvgPlace& b) {
  const double ax = a.middle_x(), ay = a.middle_y(), bx = b.middle_x(), by = b.middle_y();
  const double bend = 0.22 + 8 / (1 + std::hypot(bx - ax, by - ay));
  const double x = (ax + bx) / 2 - (by - ay) * bend, y = (ay + by) / 2 + (bx - ax) * bend;
  return "M" + pair_of(ax, ay) + " Q" + pair_of(x, y) + " " + pair_of(bx, by);
}

// Down from the GPU, into the hub from above.
std::string curve_to_hub(const SvgPlace& gpu, const SvgPlace& hub, double into) {
  const double from = gpu.y + gpu.height, to = hub.y, middle = (from + to) / 2;
  return "M" + pair_of(gpu.middle_x(), from) + " C" + pair_of(gpu.middle_x(), middle) + " " + pair_of(into, middle) +
         " " + pair_of(into, to);
}

class SvgDrawing {
 public:
  SvgDrawing(const Machine& machine, const std::optional<TopoPick>& pick)
      : machine_(machine),
        pick_(pick),
        islands_(find_islands(machine)),
        legend_(legend_lines()),
        layout_(lay_out(machine, islands_, legend_.size())) {}

  std::string draw() {
    out_.begin(layout_.width, layout_.height);
    out_.text(layout_.legend.x, 44, headline(), 100, "font-size=\"20\" font-weight=\"bold\"");
    for (const SvgBox& box : layout_.boxes) out_.rect(box.place, "fill=\"#f6f6f6\" stroke=\"#888888\"");
    draw_links();
    draw_hubs();
    for (const SvgBox& box : layout_.boxes)
      out_.text(box.place.x + 16, box.place.y + 24, box.title, 60, "fill=\"#444444\"");
    for (const GpuInfo& gpu : machine_.gpus) draw_gpu(gpu);
    for (const SvgNic& nic : layout_.nics) draw_nic(nic);
    draw_legend();
    return out_.end();
  }

 private:
  struct LegendLine {
    std::string text;
    std::optional<std::size_t> island;  // whose colour stands before it
  };

  std::string headline() const {
    const std::string gpus = std::to_string(machine_.gpus.size()) + (machine_.gpus.size() == 1 ? " GPU" : " GPUs");
    return machine_.name.empty() ? gpus : printable(machine_.name, 60) + ": " + gpus;
  }

  std::size_t links_to_draw() const {
    const auto drawn = [this](const Link& link) { return !drawn_as_hub(islands_[island_of(islands_, link.a)]); };
    return static_cast<std::size_t>(std::count_if(machine_.links.begin(), machine_.links.end(), drawn));
  }

  std::vector<LegendLine> legend_lines() const {
    std::vector<LegendLine> lines;
    for (std::size_t i = 0; i < islands_.size() && i < kMostLegend; ++i) {
      const Island& island = islands_[i];
      const std::string words = links_in_words(machine_, island);
      lines.push_back({"island " + island_name(i) + ", " + to_string(island.kind) + ": GPUs " +
                           printable(to_string(CpuList(island.gpus)), 40) + (words.empty() ? "" : "; " + words),
                       i});
    }
    if (islands_.size() > kMostLegend)
      lines.push_back({"and " + std::to_string(islands_.size() - kMostLegend) + " more islands", {}});
    if (machine_.fabric)
      lines.push_back({"fabric " + printable(machine_.fabric->uuid, 48) + ", clique " +
                           std::to_string(machine_.fabric->clique) + (machine_.fabric->usable ? "" : ", not usable"),
                       {}});
    if (links_to_draw() > kMostSvgLinks)
      lines.push_back(
          {"the first " + std::to_string(kMostSvgLinks) + " of " + std::to_string(links_to_draw()) + " links are drawn",
           {}});
    for (const std::string& warning : machine_.warnings) lines.push_back({"warning: " + printable(warning, 110), {}});
    return lines;
  }

  void draw_links() {
    std::size_t drawn = 0;
    for (const Link& link : machine_.links) {
      if (layout_.hubs.contains(island_of(islands_, link.a))) continue;
      if (drawn++ == kMostSvgLinks) return;
      const std::string title = "GPU " + std::to_string(link.a) + " to GPU " + std::to_string(link.b) + ": " +
                                std::to_string(link.lanes) + (link.lanes == 1 ? " lane, " : " lanes, ") +
                                speed_in_words(link.gbps);
      out_.curve(curve_between(layout_.gpus.at(link.a), layout_.gpus.at(link.b)), width_of(link.lanes), "#555555",
                 title);
    }
  }

  // Relative to the machine's widest link.
  double width_of(int lanes) const {
    int most = 2;
    for (const Link& link : machine_.links) most = std::max(most, link.lanes);
    return 1.5 + 4.5 * lanes / most;
  }

  // The most lanes that any of the GPU's links has: what it is attached to its hub by.
  int lanes_to_hub(int gpu) const {
    int lanes = 0;
    for (const Link& link : machine_.links)
      if (link.a == gpu || link.b == gpu) lanes = std::max(lanes, link.lanes);
    return lanes;
  }

  void draw_hubs() {
    for (const auto& [island, hub] : layout_.hubs) {
      const std::vector<int>& gpus = islands_[island].gpus;
      const bool via_switch = islands_[island].kind == IslandKind::kNvswitch;
      for (std::size_t i = 0; i < gpus.size(); ++i) {
        const double into = hub.x + hub.width * (static_cast<double>(i) + 0.5) / static_cast<double>(gpus.size());
        const int lanes = lanes_to_hub(gpus[i]);
        out_.curve(curve_to_hub(layout_.gpus.at(gpus[i]), hub, into), width_of(lanes), "#555555",
                   "GPU " + std::to_string(gpus[i]) + (via_switch ? " to the switch: " : " to every other: ") +
                       std::to_string(lanes) + " lanes");
      }
      out_.rect(hub, "fill=\"" + std::string(colour_of(island)) + "\" stroke=\"#333333\"", 20);
      out_.text(hub.middle_x(), hub.middle_y() + 5,
                (via_switch ? "switch of island " : "every pair of island ") + island_name(island), 40,
                "text-anchor=\"middle\" font-weight=\"bold\"");
    }
  }

  void draw_gpu(const GpuInfo& gpu) {
    const SvgPlace& at = layout_.gpus.at(gpu.index);
    const std::size_t island = island_of(islands_, gpu.index);
    std::string name = "GPU " + std::to_string(gpu.index) + " (" + island_name(island) + ")";
    bool picked = false;
    if (pick_) {
      const auto found = std::find(pick_->order.begin(), pick_->order.end(), gpu.index);
      picked = found != pick_->order.end();
      if (picked) name += " #" + std::to_string(found - pick_->order.begin());
    }
    out_.rect(at, "fill=\"" + std::string(colour_of(island)) + "\" stroke=\"" +
                      (picked ? "#000000\" stroke-width=\"4\"" : "#666666\""));
    out_.text(at.x + 10, at.y + 21, name, 22, "font-weight=\"bold\"");
    out_.text(at.x + 10, at.y + 38, gpu.model, 21, "font-size=\"10\"");
    if (!gpu.nics.empty())
      out_.text(at.x + 10, at.y + 54, joined_names(gpu.nics), 21, "font-size=\"10\" fill=\"#333333\"");
  }

  void draw_nic(const SvgNic& nic) {
    out_.rect(nic.place, "fill=\"white\" stroke=\"#888888\"", 4);
    out_.text(nic.place.middle_x(), nic.place.middle_y() + 4, nic.name, 13, "text-anchor=\"middle\" font-size=\"11\"");
  }

  void draw_legend() {
    double y = layout_.legend.y + 14;
    for (const LegendLine& line : legend_) {
      if (line.island)
        out_.rect({layout_.legend.x, y - 11, 14, 14},
                  "fill=\"" + std::string(colour_of(*line.island)) + "\" stroke=\"#666666\"", 2);
      out_.text(layout_.legend.x + (line.island ? 22 : 0), y, line.text, 140);
      y += kSvgLine;
    }
  }

  const Machine& machine_;
  const std::optional<TopoPick>& pick_;
  std::vector<Island> islands_;
  std::vector<LegendLine> legend_;
  SvgLayout layout_;
  SvgWriter out_;
};

}  // namespace

std::string topo_to_svg(const Machine& machine, const std::optional<TopoPick>& pick) {
  return SvgDrawing(machine, pick).draw();
}

}  // namespace Atoll
