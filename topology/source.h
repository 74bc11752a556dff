#pragma once

#include <string>
#include <string_view>

#include "runtime/base/status.h"
#include "topology/machine.h"

namespace Atoll {

// What a description of a machine can be written in.
enum class SourceFormat : std::uint8_t {
  kAuto,       // told by its first bytes
  kAtoll,      // our own text (text.h)
  kHwloc,      // hwloc XML, format 1 or 2
  kNccl,       // NCCL or RCCL topology XML
  kNvidiaSmi,  // the text of nvidia-smi topo -m, -p2p, -q or -L, ANSI colours and a command line before it allowed
};

// "auto", "atoll", "hwloc", "nccl", "nvidia-smi"; kInvalidArgument lists them.
Result<SourceFormat> parse_source_format(const std::string& name);

// What the bytes are written in, never kAuto; kInvalidArgument for what is none of these.
Result<SourceFormat> detect_source_format(std::string_view bytes);

// The machine that `bytes` describe. It is synthetic. What is odd becomes a warning, never a link; what is no such
// description fails with kInvalidArgument and one sentence, "line N: …" where there is a line. At most kMaxSourceBytes
// and kMaxSourceGpus.
inline constexpr std::size_t kMaxSourceBytes = 16 << 20;
inline constexpr int kMaxSourceGpus = 1024;
Result<Machine> parse_source(std::string_view bytes, SourceFormat format = SourceFormat::kAuto);

// The same of a file; errors begin with its path. "-" is standard input.
Result<Machine> load_source(const std::string& path, SourceFormat format = SourceFormat::kAuto);

}  // namespace Atoll
