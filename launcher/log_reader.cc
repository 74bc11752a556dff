#include "launcher/log_reader.h"

#include <algorithm>
#include <utility>

namespace Atoll {

Status LogReader::seek(std::uint64_t begin, std::uint64_t end, std::uint64_t lines) {
  position_ = end;
  std::uint64_t ends = 0;  // of lines, from position_ on
  while (lines > 0 && position_ > begin) {
    const std::uint64_t from = std::max(begin, position_ < kLogReadBytes ? 0 : position_ - kLogReadBytes);
    std::string chunk;
    for (std::uint64_t at = from; at < position_;) {
      Result<Bytes> bytes = read_(at, static_cast<std::uint32_t>(position_ - at));
      if (!bytes.ok()) return bytes.status();
      if (bytes->from != at || bytes->text.empty()) return Status();  // it went meanwhile: from here, then
      chunk += bytes->text;
      at += bytes->text.size();
    }
    for (std::size_t i = chunk.size(); i > 0; --i) {
      const bool ends_line = chunk[i - 1] == '\n';
      if (ends_line && from + i < end && ++ends >= lines) {
        position_ = from + i;
        return Status();
      }
    }
    position_ = from;
  }
  return Status();
}

Status LogReader::read_to(std::uint64_t end, bool is_last, const std::function<void(const std::string&)>& take) {
  while (position_ < end) {
    Result<Bytes> bytes = read_(position_, static_cast<std::uint32_t>(std::min<std::uint64_t>(kLogReadBytes, end - position_)));
    if (!bytes.ok()) return bytes.status();
    if (bytes->text.empty()) break;
    if (bytes->from > position_) {
      take("[" + std::to_string(bytes->from - position_) + " bytes are not kept any more]");
      rest_.clear();
    }
    position_ = bytes->from + bytes->text.size();
    std::size_t begin = 0;
    rest_ += bytes->text;
    for (std::size_t at; (at = rest_.find('\n', begin)) != std::string::npos; begin = at + 1)
      take(rest_.substr(begin, at - begin));
    rest_.erase(0, begin);
  }
  if (is_last && !rest_.empty()) take(std::exchange(rest_, {}));
  return Status();
}

}  // namespace Atoll
