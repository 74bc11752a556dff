#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "launcher/log_choice.h"
#include "runtime/client/state_client.h"
#include "runtime/wire/state_messages.h"

namespace Atoll {

// Finds the logs that a person means, by what the cluster's tables know of the words. For one thread.
class LogSearch {
 public:
  // Whoever does not answer within `patience` is left out.
  LogSearch(StateClient& client, Duration patience) : client_(client), patience_(patience) {}

  // Asks the tables what `typed` may mean; again when actors and tasks may have come since. None: everything.
  Status look_up(const std::vector<std::string>& typed);
  const std::vector<LogWord>& words() const { return words_; }

  struct Found {
    std::vector<StateClient::Log> logs;
    std::vector<std::string> remarks;  // of logs that are missing
  };
  // kNotFound if a word means none, unless `may_come`.
  Result<Found> find(bool may_come);

  // The values of `column` in the rows of `kind` that `filter` leaves.
  Result<std::set<std::string>> values(StateKind kind, const std::string& filter, const std::string& column);

 private:
  StateClient& client_;
  const Duration patience_;
  std::vector<LogWord> words_;
};

// What `atoll logs --list --json` says of a log.
nlohmann::ordered_json log_to_json(const StateClient::Log& log);

}  // namespace Atoll
