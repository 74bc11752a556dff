#pragma once

#include <string>
#include <vector>

#include "launcher/explain_text.h"
#include "launcher/look.h"

namespace Atoll {

// Finds what a person means by an id, a part of one or a name, and all that is to be known of it: by a few questions,
// of which none asks for more than is to be said.
class ExplainSearch {
 public:
  ExplainSearch(StateClient& client, Duration timeout) : client_(client), timeout_(timeout) {}

  struct Found {
    StateRecord thing;
    std::string id;
    ExplainFacts facts;
    bool is_ref = false;  // an object without a copy in any node's memory: facts.refs is all there is
  };
  // By id, each once. kUnavailable if the head does not answer.
  Result<std::vector<Found>> find(const std::string& typed);
  // Who did not answer.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  // What the filters leave, by all columns.
  Result<std::vector<StateRecord>> get(StateKind kind, const std::vector<std::string>& filters);
  // Those with any of these ids.
  Result<std::vector<StateRecord>> get_any(StateKind kind, const std::vector<std::string>& ids,
                                           const std::string& columns);
  Result<std::vector<StateRecord>> ask(const ListRequest& request);
  Status add(StateKind kind, const std::string& filter, std::vector<Found>& found);
  Status add_objects(const std::string& typed, std::vector<Found>& found);
  Status add_facts(Found& found);
  Status add_processes(Found& found);

  StateClient& client_;
  Duration timeout_;
  std::vector<std::string> warnings_;
};

}  // namespace Atoll
