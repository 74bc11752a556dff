#include "topology/source.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "topology/hwloc_xml.h"
#include "topology/nccl_xml.h"
#include "topology/nvidia_smi.h"
#include "topology/text.h"
#include "topology/words.h"

namespace Atoll {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

struct FormatName {
  SourceFormat format;
  std::string_view name;
};
constexpr FormatName kFormats[] = {{SourceFormat::kAuto, "auto"},
                                   {SourceFormat::kAtoll, "atoll"},
                                   {SourceFormat::kHwloc, "hwloc"},
                                   {SourceFormat::kNccl, "nccl"},
                                   {SourceFormat::kNvidiaSmi, "nvidia-smi"}};

Status invalid(const std::string& why) { return Status(Code::kInvalidArgument, why); }

Status invalid_at(std::string_view text, std::size_t at, const std::string& why) {
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  return invalid("line " + std::to_string(line) + ": " + why);
}

std::size_t after(std::string_view text, std::string_view end, std::size_t from) {
  const std::size_t at = text.find(end, from);
  return at == text.npos ? text.size() : at + end.size();
}

// Where the first element of an XML text begins, behind declarations, comments and the document type; or its size.
std::size_t first_element(std::string_view xml) {
  std::size_t at = 0;
  while ((at = xml.find('<', at)) != xml.npos) {
    const std::string_view rest = xml.substr(at);
    if (rest.starts_with("<!--"))
      at = after(xml, "-->", at + 4);
    else if (rest.starts_with("<?"))
      at = after(xml, "?>", at);
    else if (rest.starts_with("<!"))
      at = after(xml, ">", at);
    else
      return at;
  }
  return xml.size();
}

std::string_view element_name(std::string_view xml, std::size_t at) {
  const std::size_t end = std::min(xml.find_first_of(" \t\r\n/>", at + 1), xml.size());
  return at < xml.size() ? xml.substr(at + 1, end - at - 1) : "";
}

Result<SourceFormat> detect_xml(std::string_view xml) {
  const std::size_t at = first_element(xml);
  const std::string_view name = element_name(xml, at);
  if (name == "topology") return SourceFormat::kHwloc;
  if (name == "system") return SourceFormat::kNccl;
  const std::string expected = "expected <topology> of hwloc or <system> of NCCL";
  if (name == "nvidia_smi_log") return invalid_at(xml, at, expected + "; nvidia-smi -q is read without -x");
  return invalid_at(xml, at, expected + (name.empty() ? "" : ", not <" + quote(name) + ">"));
}

// The first word outside comments of Atoll's own text, and where it is.
std::size_t first_word(std::string_view text) {
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \t\r\n", at)) != text.npos && text[at] == '#') at = after(text, "\n", at);
  return std::min(at, text.size());
}

bool begins_own_line(std::string_view text, std::size_t at) {
  const std::string_view word = text.substr(at, std::min(text.find_first_of(" \t\r\n", at), text.size()) - at);
  for (const std::string_view kind : {"machine", "numa", "gpu", "nic", "link", "switch", "fabric"})
    if (word == kind) return true;
  return false;
}

Result<SourceFormat> detect_text(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return invalid("it is empty");
  if (text[begin] == '<') return detect_xml(text);
  const std::size_t word = first_word(text);
  if (begins_own_line(text, word)) return SourceFormat::kAtoll;
  if (looks_like_nvidia_smi(text)) return SourceFormat::kNvidiaSmi;
  const std::string_view rest = text.substr(word);
  return invalid_at(text, word,
                    "expected hwloc XML, NCCL XML, the text of nvidia-smi or a machine's text, not \"" +
                        quote(rest.substr(0, rest.find_first_of("\r\n"))) + "\"");
}

std::string_view without_mark(std::string_view bytes) {
  return bytes.substr(bytes.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
}

Status check_bytes(std::string_view bytes) {
  if (bytes.size() > kMaxSourceBytes) return invalid("more than " + std::to_string(kMaxSourceBytes >> 20) + " MiB");
  if (bytes.find('\0') != bytes.npos) return invalid_at(bytes, bytes.find('\0'), "a zero byte; this is no text");
  return {};
}

Result<Machine> parse_as(std::string_view text, SourceFormat format) {
  switch (format) {
    case SourceFormat::kHwloc:
      return parse_hwloc(text);
    case SourceFormat::kNccl:
      return parse_nccl(text);
    case SourceFormat::kNvidiaSmi:
      return parse_nvidia_smi(text);
    case SourceFormat::kAtoll:
    case SourceFormat::kAuto:
      break;
  }
  return parse_machine(text);
}

// No more than needed to see that it is too much.
Result<std::string> read_all(std::istream& in) {
  std::string bytes;
  std::vector<char> chunk(64 << 10);
  while (in && bytes.size() <= kMaxSourceBytes) {
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    bytes.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return Status(Code::kUnavailable, "cannot be read");
  return bytes;
}

Result<std::string> read_file(const std::string& path) {
  if (path == "-") return read_all(std::cin);
  std::ifstream file(path, std::ios::binary);
  if (!file) return Status(Code::kNotFound, "cannot be read");
  return read_all(file);
}

}  // namespace

Result<SourceFormat> parse_source_format(const std::string& name) {
  std::string all;
  for (const FormatName& known : kFormats) {
    if (name == known.name) return known.format;
    all += (all.empty() ? "" : &known == std::end(kFormats) - 1 ? " or " : ", ") + std::string(known.name);
  }
  return invalid("\"" + quote(name) + "\" is no format: " + all);
}

Result<SourceFormat> detect_source_format(std::string_view bytes) {
  ATOLL_RETURN_IF_ERROR(check_bytes(bytes));
  return detect_text(without_mark(bytes));
}

Result<Machine> parse_source(std::string_view bytes, SourceFormat format) {
  ATOLL_RETURN_IF_ERROR(check_bytes(bytes));
  bytes = without_mark(bytes);
  if (format == SourceFormat::kAuto) {
    const Result<SourceFormat> detected = detect_text(bytes);
    if (!detected.ok()) return detected.status();
    format = *detected;
  }
  Result<Machine> machine = parse_as(bytes, format);
  if (!machine.ok()) return machine;
  if (machine->gpus.size() > static_cast<std::size_t>(kMaxSourceGpus))
    return invalid(std::to_string(machine->gpus.size()) + " GPUs, at most " + std::to_string(kMaxSourceGpus) +
                   " are read");
  machine->synthetic = true;
  return machine;
}

Result<Machine> load_source(const std::string& path, SourceFormat format) {
  const std::string name = path == "-" ? "standard input" : path;
  const Result<std::string> bytes = read_file(path);
  if (!bytes.ok()) return bytes.status().prefixed(name);
  Result<Machine> machine = parse_source(*bytes, format);
  if (!machine.ok()) return machine.status().prefixed(name);
  return machine;
}

}  // namespace Atoll
