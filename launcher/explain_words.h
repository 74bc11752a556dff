#pragma once

#include <string>

#include "launcher/explain_text.h"

namespace Atoll {

// Parts of sentences that explain.
std::string time_words(const StateRecord& thing, const std::string& key = "seconds");  // "12 s"
std::string amount_words(double amount);                                               // "0.5"
std::string times_words(double times);                                                 // "once", "3 times"
std::string who_words(const ExplainFacts& facts, const std::string& process);          // "worker 4711 on n2"
std::string name_words(const StateRecord& thing);                                      // " 'cache'", "" without a name

void explain_object(const StateRecord& object, const ExplainFacts& facts, std::vector<std::string>& out);
// Who still refers to it, and what would make it go.
void explain_refs(const std::string& id, const ExplainFacts& facts, bool dropped, std::vector<std::string>& out);

}  // namespace Atoll
