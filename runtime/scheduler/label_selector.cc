#include "runtime/scheduler/label_selector.h"

#include <algorithm>
#include <string_view>

namespace Atoll {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// "a,b" → a and b; false if one is empty or holds what the notation is made of.
bool parse_values(std::string_view text, std::vector<std::string>& values) {
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view value = trimmed(text.substr(0, comma));
    if (value.empty() || value.find_first_of("!(),") != std::string_view::npos) return false;
    values.emplace_back(value);
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

bool parse_rule(std::string_view text, LabelRule& rule) {
  text = trimmed(text);
  rule.negated = text.starts_with('!');
  if (rule.negated) text = trimmed(text.substr(1));
  if (text.starts_with("in(") && text.ends_with(')')) return parse_values(text.substr(3, text.size() - 4), rule.values);
  return text.find(',') == std::string_view::npos && parse_values(text, rule.values);
}

}  // namespace

Result<std::vector<LabelRule>> parse_selector(const LabelSelector& selector) {
  std::vector<LabelRule> rules;
  for (const auto& [key, text] : selector) {
    if (key.empty()) return Status(Code::kInvalidArgument, "a label needs a name");
    LabelRule rule{key, false, {}};
    if (!parse_rule(text, rule))
      return Status(Code::kInvalidArgument,
                    "the label " + key + " cannot be '" + text + "'; write a, !a, in(a,b) or !in(a,b)");
    rules.push_back(std::move(rule));
  }
  return rules;
}

bool matches(const std::vector<LabelRule>& rules, const std::map<std::string, std::string>& labels) {
  return std::ranges::all_of(rules, [&labels](const LabelRule& rule) {
    const auto label = labels.find(rule.key);
    const bool has = label != labels.end() && std::ranges::find(rule.values, label->second) != rule.values.end();
    return has != rule.negated;
  });
}

}  // namespace Atoll
