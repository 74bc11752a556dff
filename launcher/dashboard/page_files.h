#pragma once

#include <span>
#include <string_view>

namespace Atoll {

// The page, as the build put it into this program from launcher/dashboard/page/.
struct PageFile {
  std::string_view path;  // "" for the page itself
  std::string_view type;
  std::string_view text;
};
std::span<const PageFile> page_files();
// Null if there is none.
const PageFile* find_page_file(std::string_view path);

}  // namespace Atoll
