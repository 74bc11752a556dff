#include "launcher/plugin_file.h"

#include <elf.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "runtime/base/build_id.h"
#include "runtime/base/read_file.h"

namespace Atoll {
namespace {

template <typename T>
bool read_at(std::string_view bytes, std::size_t offset, T& value) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return false;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return true;
}

bool read_header(std::string_view elf, Elf64_Ehdr& header) {
  return read_at(elf, 0, header) && std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == ELFCLASS64;
}

std::string_view section(std::string_view elf, const Elf64_Shdr& header) {
  if (header.sh_offset > elf.size()) return {};
  return elf.substr(header.sh_offset, header.sh_size);
}

// What lies at an address when the file is loaded.
std::string_view at_address(std::string_view elf, const Elf64_Ehdr& header, std::uint64_t address, std::uint64_t size) {
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    if (!read_at(elf, header.e_phoff + std::size_t{i} * header.e_phentsize, segment)) return {};
    if (segment.p_type != PT_LOAD || address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz)
      continue;
    const std::uint64_t inside = address - segment.p_vaddr;
    if (size > segment.p_filesz - inside || segment.p_offset > elf.size() || inside > elf.size() - segment.p_offset)
      return {};
    return elf.substr(segment.p_offset + inside, size);
  }
  return {};
}

std::string_view name_in(std::string_view names, std::uint32_t offset) {
  if (offset >= names.size()) return {};
  const std::string_view rest = names.substr(offset);
  return rest.substr(0, rest.find('\0'));
}

std::string_view find_in_table(std::string_view elf, const Elf64_Ehdr& header, const Elf64_Shdr& table,
                               std::string_view names, std::string_view wanted) {
  const std::string_view symbols = section(elf, table);
  Elf64_Sym symbol;
  for (std::size_t offset = 0; read_at(symbols, offset, symbol); offset += sizeof symbol)
    if (ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT && name_in(names, symbol.st_name) == wanted)
      return at_address(elf, header, symbol.st_value, symbol.st_size);
  return {};
}

std::string first_word_of_text(std::string_view object) { return std::string(object.substr(0, object.find('\0'))); }

// Version numbers as Slurm packs them: a byte each.
unsigned byte_of(std::uint32_t version, int shift) { return version >> shift & 0xff; }

}  // namespace

std::string_view find_object(std::string_view elf, std::string_view wanted) {
  Elf64_Ehdr header;
  if (!read_header(elf, header)) return {};
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr table, names;
    if (!read_at(elf, header.e_shoff + std::size_t{i} * header.e_shentsize, table)) return {};
    if (table.sh_type != SHT_DYNSYM) continue;
    if (!read_at(elf, header.e_shoff + std::size_t{table.sh_link} * header.e_shentsize, names)) return {};
    return find_in_table(elf, header, table, section(elf, names), wanted);
  }
  return {};
}

Result<PluginFile> read_plugin_file(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return errno_status(path, errno);
  const std::optional<std::string> read = read_file(path);
  if (!read) return errno_status(path, errno);
  const std::string& elf = *read;
  PluginFile plugin;
  if (!read_at(find_object(elf, "plugin_version"), 0, plugin.slurm_version) ||
      first_word_of_text(find_object(elf, "plugin_type")) != "spank")
    return Status(Code::kInvalidArgument, path + " is no SPANK plugin of Slurm");
  plugin.name = first_word_of_text(find_object(elf, "plugin_name"));
  plugin.safe = info.st_uid == 0 && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  const Result<std::string> build = build_id_of(path);
  if (build.ok()) plugin.build = *build;
  return plugin;
}

std::string slurm_version_text(std::uint32_t version) {
  char text[32];
  std::snprintf(text, sizeof text, "%u.%02u.%u", byte_of(version, 16), byte_of(version, 8), byte_of(version, 0));
  return text;
}

std::string major_minor(std::uint32_t version) {
  char text[32];
  std::snprintf(text, sizeof text, "%u.%02u", byte_of(version, 16), byte_of(version, 8));
  return text;
}

std::string major_minor(std::string_view text) {
  const std::size_t begin = text.find_first_of("0123456789");
  if (begin == std::string_view::npos) return "";
  const std::string number(text.substr(begin, text.find_first_not_of("0123456789.", begin) - begin));
  unsigned major = 0, minor = 0;
  if (std::sscanf(number.c_str(), "%u.%u", &major, &minor) != 2) return "";
  return major_minor(major << 16 | minor << 8);
}

}  // namespace Atoll
