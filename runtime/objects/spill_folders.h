#pragma once

#include <string>
#include <vector>

namespace Atoll {

// Where a node spills to.
struct SpillFolders {
  std::vector<std::string> folders;
  std::string why_none;                // if there are none
  std::vector<std::string> warnings;
};

// What is wrong with `text` as the value of --spill-folder: "" if it is right. Folders are full paths, between commas or
// colons; "none" is for no spilling.
std::string complain_of_spill_folders(const std::string& text);

// The folders that `text` names; if it is empty, `usual`, unless that lies in memory.
SpillFolders choose_spill_folders(const std::string& text, const std::string& usual);

}  // namespace Atoll
