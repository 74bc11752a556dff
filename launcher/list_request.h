#pragma once

#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/state/columns.h"

namespace Atoll {

// What a person typed after `atoll list`.
struct ListOptions {
  std::string kind;
  std::vector<std::string> filters;
  std::string sort;     // a key; with '-' before it the largest first
  std::string columns;  // keys, with commas between; "" for the usual
  int limit = 100;
  bool json = false;
};

// What is to be asked, and shown of it.
struct ListRequest {
  GetState question;
  std::vector<const StateColumn*> shown;  // the first of the question's columns
  bool chosen = false;                    // by the person: none is left out for lack of room
};

// kInvalidArgument says what is wrong.
Result<ListRequest> make_list_request(const ListOptions& options);

// Puts in the ranks and the daemons of nodes that filters name. kInvalidArgument if there is no such node.
Status resolve_nodes(const Peers& peers, GetState& question);

}  // namespace Atoll
