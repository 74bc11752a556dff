#include "runtime/wire/control_line.h"

#include <doctest/doctest.h>

#include "runtime/wire/base64.h"

using namespace Atoll;

namespace {

EventReader::Output read_all(const std::vector<std::string>& lines) {
  EventReader reader;
  std::string text;
  for (const std::string& line : lines) text += line;
  return reader.feed(text);
}

std::string random_bytes(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i * 131 + i / 7));
  return bytes;
}

}  // namespace

TEST_CASE("every event survives the line") {
  const std::vector<ControlEvent> events = {
      PresentEvent{3, "n4", 4711},
      StageEvent{0, "n1", "fence"},
      CardEvent{1, "n2", random_bytes(100)},
      CardEvent{0, "n1", ""},
      CardEvent{0, "n1", random_bytes(5000)},
      ReadyEvent{2, "n3"},
      FailedEvent{7, "n8", "no \"GPU\" on n8: it's gone"},
  };
  for (const ControlEvent& event : events) {
    const auto output = read_all(encode_event(event));
    CHECK(output.text.empty());
    CHECK(output.warnings.empty());
    REQUIRE(output.events.size() == 1);
    CHECK(output.events[0] == event);
  }
}

TEST_CASE("an event line looks as documented") {
  CHECK(encode_event(PresentEvent{0, "n1", 1}) ==
        std::vector<std::string>{"\x1e"
                                 "atoll {\"event\":\"present\",\"node\":\"n1\",\"pid\":1,\"rank\":0}\n"});
}

TEST_CASE("no event line is longer than what Slurm passes on in one piece") {
  const std::string odd(600, '\xff');
  const std::vector<ControlEvent> events = {
      CardEvent{1 << 20, odd, random_bytes(kMaxControlCardBytes)}, FailedEvent{1, odd, odd},
      FailedEvent{1, std::string(600, '"'), std::string(2000, '\\')}, StageEvent{1, odd, odd}};
  for (const ControlEvent& event : events) {
    for (const std::string& line : encode_event(event)) {
      CHECK(line.size() <= kMaxEventBytes);
      CHECK(line.find('\n') == line.size() - 1);
    }
    CHECK(read_all(encode_event(event)).events.size() == 1);
  }
}

TEST_CASE("events are told from ordinary output, however the bytes arrive") {
  const std::string stream = "hello\nno newline" + encode_event(ReadyEvent{1, "n2"})[0] +
                             "\x1e"
                             "atom\n\x1e\x1e" +
                             encode_event(StageEvent{0, "n1", "put"})[0] + "bye";
  for (std::size_t piece : {1UL, 2UL, 7UL, stream.size()}) {
    EventReader reader;
    std::string text;
    std::vector<ControlEvent> events;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      auto output = reader.feed(std::string_view(stream).substr(at, piece));
      text += output.text;
      events.insert(events.end(), output.events.begin(), output.events.end());
      CHECK(output.warnings.empty());
    }
    text += reader.finish();
    CHECK(text ==
          "hello\nno newline\x1e"
          "atom\n\x1e\x1e"
          "bye");
    CHECK(events == std::vector<ControlEvent>{ReadyEvent{1, "n2"}, StageEvent{0, "n1", "put"}});
  }
}

TEST_CASE("cards whose parts mix with those of other ranks arrive whole") {
  const auto a = encode_event(CardEvent{0, "n1", random_bytes(700)});
  const auto b = encode_event(CardEvent{1, "n2", random_bytes(701)});
  REQUIRE(a.size() == 2);
  REQUIRE(b.size() == 2);
  const auto output = read_all({a[0], b[0], b[1], a[1]});
  CHECK(output.events ==
        std::vector<ControlEvent>{CardEvent{1, "n2", random_bytes(701)}, CardEvent{0, "n1", random_bytes(700)}});
}

TEST_CASE("a card with a part missing is a warning, and the next card of that rank arrives") {
  const auto lines = encode_event(CardEvent{0, "n1", random_bytes(1000)});
  REQUIRE(lines.size() == 3);
  auto output = read_all({lines[0], lines[2], lines[0], lines[1], lines[2]});
  REQUIRE(output.warnings.size() == 1);
  CHECK(output.warnings[0] == "malformed control line: part 2 of rank 0's card is out of order");
  CHECK(output.events == std::vector<ControlEvent>{CardEvent{0, "n1", random_bytes(1000)}});
}

TEST_CASE("a malformed event line is a warning that says what is wrong") {
  const struct {
    const char* json;
    const char* why;
  } cases[] = {
      {"", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"{\"event\":\"ready\"", "not a JSON object"},
      {"{\"event\":\"ready\",\"node\":\"n1\"}", "\"rank\" must be a whole number from 0 to 1048576"},
      {"{\"event\":\"ready\",\"rank\":-1,\"node\":\"n1\"}", "\"rank\" must be a whole number from 0 to 1048576"},
      {"{\"event\":\"ready\",\"rank\":1.5,\"node\":\"n1\"}", "\"rank\" must be a whole number from 0 to 1048576"},
      {"{\"event\":\"ready\",\"rank\":1,\"node\":7}", "\"node\" must be a string of at most 1000 bytes"},
      {"{\"event\":\"dance\",\"rank\":1,\"node\":\"n1\"}", "unknown event \"dance\""},
      {"{\"event\":\"card\",\"rank\":1,\"node\":\"n1\",\"part\":0,\"parts\":1,\"card\":\"a b=\"}",
       "\"card\" must be base64"},
  };
  for (const auto& [json, why] : cases) {
    const auto output = read_all({std::string("\x1e"
                                              "atoll ") +
                                  json + "\n"});
    CHECK(output.events.empty());
    REQUIRE(output.warnings.size() == 1);
    CHECK(output.warnings[0] == std::string("malformed control line: ") + why);
  }
}

TEST_CASE("an event line without an end becomes ordinary output") {
  EventReader reader;
  const std::string endless =
      "\x1e"
      "atoll " +
      std::string(2 * kMaxEventBytes, 'x');
  CHECK(reader.feed(endless).text == endless);
  CHECK(reader.finish().empty());
}

TEST_CASE("every command survives the line") {
  for (const ControlCommand& command : {ControlCommand(StopCommand()), ControlCommand(CardCommand{random_bytes(4000)}),
                                        ControlCommand(CardCommand{""})}) {
    std::string line = encode_command(command);
    REQUIRE(line.back() == '\n');
    line.pop_back();
    const auto decoded = decode_command(line);
    REQUIRE(decoded.ok());
    CHECK(*decoded == command);
  }
}

TEST_CASE("a malformed command says what is wrong") {
  CHECK(decode_command("stop").status().message() == "not a JSON object");
  CHECK(decode_command("{}").status().message() == "\"command\" must be a string of at most 100 bytes");
  CHECK(decode_command("{\"command\":\"go\"}").status().message() == "unknown command \"go\"");
  CHECK(decode_command("{\"command\":\"card\",\"card\":\"=\"}").status().message() == "\"card\" must be base64");
  CHECK(decode_command(std::string(kMaxCommandBytes + 1, ' ')).status().message() == "longer than 65536 bytes");
}

TEST_CASE("base64 takes its own output and nothing else") {
  for (std::size_t size = 0; size < 70; ++size) {
    const auto decoded = from_base64(to_base64(random_bytes(size)));
    REQUIRE(decoded.ok());
    CHECK(*decoded == random_bytes(size));
  }
  for (const char* wrong :
       {"a", "ab", "abc", "=", "====", "ab==cdef", "a===", "ab==\n", " ab==", "ab=c", "ab\xff=", "aB=="})
    CHECK_FALSE(from_base64(wrong).ok());
  CHECK(from_base64("YWI=").value() == "ab");
}
