#include "topology/text.h"

#include <fstream>

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

Result<Machine> load_machine(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxTextBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) return Status(Code::kNotFound, path + ": cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  Result<Machine> machine = parse_machine(text);
  if (!machine.ok()) return machine.status().prefixed(path);
  return machine;
}

}  // namespace Atoll
