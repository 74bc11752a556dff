#include "launcher/doctor_text.h"

#include <nlohmann/json.hpp>

#include "launcher/topo_layout.h"
#include "runtime/base/nodelist.h"

namespace Atoll {
namespace {

const char* mark_of(Health health, Glyphs glyphs) {
  const bool plain = glyphs == Glyphs::kAscii;
  switch (health) {
    case Health::kOk:
      return plain ? "ok     " : "✓";
    case Health::kSkipped:
      return plain ? "-      " : "-";
    case Health::kWarning:
      return plain ? "warning" : "!";
    case Health::kFailed:
      return plain ? "FAILED " : "✗";
  }
  return "?";
}

std::string count(std::size_t number, const char* what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

std::string summary(const std::vector<Finding>& findings, std::size_t nodes) {
  std::size_t failed = 0, warnings = 0;
  for (const Finding& finding : findings) {
    failed += finding.health == Health::kFailed;
    warnings += finding.health == Health::kWarning;
  }
  const std::string where = count(nodes, "node") + ": ";
  if (failed + warnings == 0) return where + "all is well";
  return where + count(failed, "failure") + ", " + count(warnings, "warning");
}

}  // namespace

std::string findings_to_text(const std::vector<Finding>& findings, std::size_t nodes, Glyphs glyphs) {
  std::string text;
  for (const Finding& finding : findings) {
    const std::string check = finding.check + std::string(11 - std::min<std::size_t>(10, finding.check.size()), ' ');
    const bool everywhere = finding.check != "nodes" && finding.nodes.size() == nodes;
    text += std::string(mark_of(finding.health, glyphs)) + " " + check + printable(finding.says) +
            (everywhere ? "" : "  (" + fold_nodelist(finding.nodes) + ")") + "\n";
    if (finding.health != Health::kOk && !finding.advice.empty())
      text += std::string(glyphs == Glyphs::kAscii ? 19 : 13, ' ') + printable(finding.advice) + "\n";
  }
  return text + summary(findings, nodes) + "\n";
}

std::string findings_to_json(const std::vector<Finding>& findings, const std::vector<std::string>& nodes) {
  nlohmann::json list = nlohmann::json::array();
  for (const Finding& finding : findings)
    list.push_back({{"check", finding.check},
                    {"state", to_string(finding.health)},
                    {"nodes", finding.nodes},
                    {"says", finding.says},
                    {"do", finding.advice}});
  const nlohmann::json object = {{"ok", all_well(findings)}, {"nodes", nodes}, {"findings", list}};
  return object.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace Atoll
