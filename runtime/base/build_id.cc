#include "runtime/base/build_id.h"

#include <elf.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "runtime/base/fd.h"

namespace Atoll {
namespace {

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    hex += kDigits[value >> 4];
    hex += kDigits[value & 15];
  }
  return hex;
}

// A file in memory, read only.
class Mapping {
 public:
  static Result<Mapping> of(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return errno_status(path, errno);
    struct stat info;
    if (::fstat(fd.get(), &info) != 0) return errno_status(path, errno);
    if (!S_ISREG(info.st_mode) || info.st_size == 0)
      return Status(Code::kInvalidArgument, path + " is not a program file");
    const auto size = static_cast<std::size_t>(info.st_size);
    void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (start == MAP_FAILED) return errno_status(path, errno);
    return Mapping(start, size);
  }
  Mapping(Mapping&& other) noexcept : start_(std::exchange(other.start_, nullptr)), size_(other.size_) {}
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping() {
    if (start_ != nullptr) ::munmap(start_, size_);
  }
  std::string_view bytes() const { return {static_cast<const char*>(start_), size_}; }

 private:
  Mapping(void* start, std::size_t size) : start_(start), size_(size) {}
  void* start_;
  std::size_t size_;
};

template <typename T>
bool read_at(std::string_view bytes, std::size_t offset, T& value) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return false;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return true;
}

// The GNU build id among the notes in `notes`, or nothing.
std::string_view find_in_notes(std::string_view notes) {
  std::size_t offset = 0;
  Elf64_Nhdr note;
  while (read_at(notes, offset, note)) {
    const std::size_t name = offset + sizeof note;
    const std::size_t description = name + ((note.n_namesz + 3u) & ~std::size_t{3});
    const std::size_t next = description + ((note.n_descsz + 3u) & ~std::size_t{3});
    if (next > notes.size() || next <= offset) return {};
    if (note.n_type == NT_GNU_BUILD_ID && notes.substr(name, note.n_namesz) == std::string_view("GNU\0", 4))
      return notes.substr(description, note.n_descsz);
    offset = next;
  }
  return {};
}

std::string_view find_build_id(std::string_view file) {
  Elf64_Ehdr header;
  if (!read_at(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64)
    return {};
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    if (!read_at(file, header.e_phoff + std::size_t{i} * header.e_phentsize, segment)) return {};
    if (segment.p_type != PT_NOTE || segment.p_offset > file.size()) continue;
    const std::string_view id = find_in_notes(file.substr(segment.p_offset, segment.p_filesz));
    if (!id.empty()) return id;
  }
  return {};
}

std::string sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  return std::string(reinterpret_cast<char*>(digest), size);
}

}  // namespace

Result<std::string> build_id_of(const std::string& path) {
  Result<Mapping> file = Mapping::of(path);
  if (!file.ok()) return file.status();
  const std::string_view id = find_build_id(file->bytes());
  return to_hex(id.empty() ? sha256(file->bytes()) : std::string(id));
}

}  // namespace Atoll
