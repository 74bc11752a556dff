#include "runtime/objects/spill_folders.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>

namespace Atoll {
namespace {

constexpr const char* kNone = "none";

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find_first_of(",:", from), text.size());
    parts.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

bool lies_in_memory(const std::string& folder) {
  struct statfs info;
  return ::statfs(folder.c_str(), &info) == 0 && (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC);
}

}  // namespace

std::string complain_of_spill_folders(const std::string& text) {
  if (text.empty() || text == kNone) return "";
  for (const std::string& folder : split(text))
    if (!folder.starts_with('/')) return "\"" + folder + "\" is no full path of a folder; give some, between commas, or none";
  return "";
}

SpillFolders choose_spill_folders(const std::string& text, const std::string& usual) {
  SpillFolders chosen;
  if (text == kNone) {
    chosen.why_none = "--spill-folder is none";
    return chosen;
  }
  chosen.folders = text.empty() ? std::vector{usual} : split(text);
  for (const std::string& folder : chosen.folders) {
    if (!lies_in_memory(folder)) continue;
    if (text.empty()) return {{}, usual + " lies in memory; name a folder on a disk with --spill-folder", {}};
    chosen.warnings.push_back("spill folder " + folder + " lies in memory: what is spilled there frees none");
  }
  return chosen;
}

}  // namespace Atoll
