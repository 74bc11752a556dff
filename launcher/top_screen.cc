#include "launcher/top_screen.h"

#include "config.h"

#ifdef HAVE_NCURSES

#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <clocale>

namespace Atoll {
namespace {

std::atomic<bool> told_to_end{false};
SCREEN* screen = nullptr;

void on_end(int) { told_to_end = true; }

attr_t look_of(TopStyle style) {
  switch (style) {
    case TopStyle::kTitle: return A_BOLD;
    case TopStyle::kHead: return A_REVERSE;
    case TopStyle::kBusy: return A_BOLD;
    case TopStyle::kDead: return A_STANDOUT;
    case TopStyle::kPlain: break;
  }
  return A_NORMAL;
}

// Ctrl-Z: the shell has the terminal meanwhile.
void suspend() {
  ::endwin();
  ::raise(SIGSTOP);
  ::refresh();
}

TopScreen::Key key_of(int code) {
  using Kind = TopScreen::Key::Kind;
  switch (code) {
    case KEY_UP: return {Kind::kKey, TopKey::kUp};
    case KEY_DOWN: return {Kind::kKey, TopKey::kDown};
    case KEY_PPAGE: return {Kind::kKey, TopKey::kPageUp};
    case KEY_NPAGE: return {Kind::kKey, TopKey::kPageDown};
    case KEY_HOME: return {Kind::kKey, TopKey::kHome};
    case KEY_ENTER:
    case '\r':
    case '\n': return {Kind::kKey, TopKey::kEnter};
    case 27: return {Kind::kKey, TopKey::kEscape};
    case KEY_BACKSPACE:
    case 8:
    case 127: return {Kind::kKey, TopKey::kErase};
    case 3: return {Kind::kKey, TopKey::kInterrupt};
    case KEY_RESIZE: return {Kind::kResized};
    default: break;
  }
  return code >= 0 && code < 256 ? TopScreen::Key{Kind::kKey, TopKey::kOther, static_cast<char>(code)} : TopScreen::Key{};
}

}  // namespace

Status TopScreen::open() {
  std::setlocale(LC_ALL, "");
  struct sigaction ending = {};
  ending.sa_handler = on_end;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &ending, nullptr);
  screen = ::newterm(nullptr, stdout, stdin);
  if (screen == nullptr) {
    const char* const type = ::getenv("TERM");
    return Status(Code::kUnavailable, "this terminal (TERM=" + std::string(type == nullptr ? "" : type) + ") cannot be drawn on; say --once");
  }
  ::raw();
  ::noecho();
  ::curs_set(0);
  ::keypad(stdscr, TRUE);
  ::set_escdelay(100);
  return Status();
}

void TopScreen::close() {
  if (screen == nullptr) return;
  ::endwin();
  ::delscreen(screen);
  screen = nullptr;
}

std::size_t TopScreen::width() { return static_cast<std::size_t>(std::max(1, COLS)); }
std::size_t TopScreen::height() { return static_cast<std::size_t>(std::max(1, LINES)); }

void TopScreen::draw(const std::vector<TopLine>& lines) {
  ::erase();
  for (std::size_t i = 0; i < lines.size() && i < height(); ++i) {
    ::attrset(look_of(lines[i].style));
    ::mvaddstr(static_cast<int>(i), 0, lines[i].text.c_str());
  }
  ::attrset(A_NORMAL);
  ::refresh();
}

TopScreen::Key TopScreen::wait_key(Duration limit) {
  ::timeout(static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(limit).count()));
  const int code = ::getch();
  if (told_to_end) return {Key::Kind::kEnd};
  if (code == ERR) return {};
  if (code == 26) return suspend(), Key{Key::Kind::kResized};
  return key_of(code);
}

}  // namespace Atoll

#else

namespace Atoll {

Status TopScreen::open() { return Status(Code::kUnavailable, "this atoll was built without curses; say --once"); }
void TopScreen::close() {}
std::size_t TopScreen::width() { return 80; }
std::size_t TopScreen::height() { return 24; }
void TopScreen::draw(const std::vector<TopLine>&) {}
TopScreen::Key TopScreen::wait_key(Duration) { return {Key::Kind::kEnd}; }

}  // namespace Atoll

#endif
