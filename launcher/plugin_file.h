#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace Atoll {

// A plugin of Slurm as its file tells, without loading it.
struct PluginFile {
  std::string name;                 // plugin_name
  std::uint32_t slurm_version = 0;  // plugin_version: 0x160508 is 22.05.8
  std::string build;                // build_id.h
  bool safe = false;                // root's, and nobody else may write it
  friend bool operator==(const PluginFile&, const PluginFile&) = default;
};

// kInvalidArgument when the file is no plugin of Slurm for this kind of machine.
Result<PluginFile> read_plugin_file(const std::string& path);

// The bytes of a global data object in an ELF file of 64 bits; "" when there is none.
std::string_view find_object(std::string_view elf, std::string_view symbol);

// "22.05.8"
std::string slurm_version_text(std::uint32_t version);
// Its major.minor, "22.05", also of a text: "22.05.8", "slurm-wlm 22.05.8"; "" of anything else.
std::string major_minor(std::uint32_t version);
std::string major_minor(std::string_view text);

}  // namespace Atoll
