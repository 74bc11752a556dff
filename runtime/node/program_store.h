#pragma once

#include <string>

#include "runtime/base/status.h"
#include "runtime/wire/messages.h"

namespace Atoll {

// Finds the programs of jobs on this node, and keeps those that were shipped
// here in the folder it was given, which is this user's alone.
class ProgramStore {
 public:
  explicit ProgramStore(std::string folder) : folder_(std::move(folder)) {}

  // The path to execute: the job's own, or a copy that was shipped before. The
  // failure says that it is not here, or that the file here is another build.
  Result<std::string> find(const JobInfo& job) const;

  // Appends a piece. Returns the path when the program is complete and is the
  // build it should be, "" while pieces are missing.
  Result<std::string> store(const JobInfo& job, const ProgramChunk& chunk) const;

 private:
  std::string shipped_path(const JobInfo& job) const;

  std::string folder_;
};

}  // namespace Atoll
