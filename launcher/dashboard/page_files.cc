#include "launcher/dashboard/page_files.h"

// The assembler puts the file there as it is; the Makefile knows that this object is made of them.
#define PAGE_FILE(name, file)                                                                   \
  asm(".section .rodata\n" #name "_begin: .incbin \"launcher/dashboard/page/" file "\"\n" #name \
      "_end:\n.byte 0\n.previous\n");                                                           \
  extern "C" const char name##_begin[], name##_end[];

PAGE_FILE(page_index, "index.html")
PAGE_FILE(page_style, "style.css")
PAGE_FILE(page_icon, "icon.svg")
PAGE_FILE(page_app, "app.js")
PAGE_FILE(page_dom, "dom.js")
PAGE_FILE(page_server, "server.js")
PAGE_FILE(page_words, "words.js")
PAGE_FILE(page_table, "table.js")
PAGE_FILE(page_chart, "chart.js")
PAGE_FILE(page_machine, "machine.js")
PAGE_FILE(page_overview, "overview.js")
PAGE_FILE(page_lists, "lists.js")
PAGE_FILE(page_explain, "explain.js")
PAGE_FILE(page_logs, "logs.js")

namespace Atoll {
namespace {

constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr const char* kCss = "text/css; charset=utf-8";
constexpr const char* kSvg = "image/svg+xml";
constexpr const char* kScript = "text/javascript; charset=utf-8";

PageFile file(const char* path, const char* type, const char* begin, const char* end) {
  return {path, type, std::string_view(begin, static_cast<std::size_t>(end - begin))};
}

}  // namespace

std::span<const PageFile> page_files() {
  static const PageFile kFiles[] = {
      file("", kHtml, page_index_begin, page_index_end),
      file("style.css", kCss, page_style_begin, page_style_end),
      file("icon.svg", kSvg, page_icon_begin, page_icon_end),
      file("app.js", kScript, page_app_begin, page_app_end),
      file("dom.js", kScript, page_dom_begin, page_dom_end),
      file("server.js", kScript, page_server_begin, page_server_end),
      file("words.js", kScript, page_words_begin, page_words_end),
      file("table.js", kScript, page_table_begin, page_table_end),
      file("chart.js", kScript, page_chart_begin, page_chart_end),
      file("machine.js", kScript, page_machine_begin, page_machine_end),
      file("overview.js", kScript, page_overview_begin, page_overview_end),
      file("lists.js", kScript, page_lists_begin, page_lists_end),
      file("explain.js", kScript, page_explain_begin, page_explain_end),
      file("logs.js", kScript, page_logs_begin, page_logs_end),
  };
  return kFiles;
}

const PageFile* find_page_file(std::string_view path) {
  for (const PageFile& each : page_files())
    if (each.path == path) return &each;
  return nullptr;
}

}  // namespace Atoll
