#pragma once

#include <string>
#include <vector>

#include "launcher/explain_search.h"

namespace Atoll {

// kNotFound if there is nothing, kInvalidArgument with the ids if it may be any of several.
Status check_found(const std::string& typed, const std::vector<ExplainSearch::Found>& found);

std::vector<std::string> sentences_of(const ExplainSearch::Found& found);

// {"found":[{"kind","id","text","row"}],"warnings"} of atoll-explain(1).
std::string found_to_json(const std::vector<ExplainSearch::Found>& found, const std::vector<std::string>& warnings,
                          int indent);

}  // namespace Atoll
