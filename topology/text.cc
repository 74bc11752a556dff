#include "topology/text.h"

#include "topology/text_reader.h"

namespace Atoll {

namespace {

constexpr std::size_t kMaxTextBytes = 1 << 20;

}  // namespace

Result<Machine> parse_machine(std::string_view text) {
  if (text.size() > kMaxTextBytes)
    return Status(Code::kInvalidArgument, "longer than 1 MiB: no description of a machine");
  return TextReader().read(text);
}

}  // namespace Atoll
