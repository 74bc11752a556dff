#include "runtime/client/command_supervisor.h"

#include <doctest/doctest.h>

// What is refused before a command is started, and where its program is looked for.
namespace Atoll {
namespace {

internal::CommandSpec spec_of(std::vector<std::string> words) {
  internal::CommandSpec spec;
  spec.words = std::move(words);
  return spec;
}

std::string refusal(const internal::CommandSpec& spec) { return check_command(spec).message(); }

TEST_CASE("a command without a program, or with a zero byte in a word, is refused") {
  CHECK(check_command(spec_of({"true"})).ok());
  CHECK(refusal(spec_of({})) == "command: expected a program and its arguments, but there is no program");
  CHECK(refusal(spec_of({"", "x"})) == "command: expected a program and its arguments, but there is no program");
  CHECK(refusal(spec_of({"true", std::string("a\0b", 3)})) ==
        "command: a word has a zero byte in it, which no program can be given");
}

TEST_CASE("a way to be ready that means nothing, or two of them, are refused") {
  internal::CommandSpec spec = spec_of({"true"});
  for (const int port : {-1, 0, 65536}) {
    spec.port = port;
    CHECK(refusal(spec) == "ready_when_listening: expected a port from 1 to 65535, not " + std::to_string(port));
  }
  spec.port = 65535;
  CHECK(check_command(spec).ok());
  spec.asks_ready = true;
  CHECK(refusal(spec) == "ready_when() and ready_when_listening() exclude each other; choose one");
  spec.port.reset();
  CHECK(refusal(spec) == "ready_when: expected a program and its arguments, but there is no program");
  spec.ready_words = {"true"};
  CHECK(check_command(spec).ok());
  spec.ready_limit = 0;
  CHECK(refusal(spec) == "ready_within: expected 1 ms or more, not 0 ms");
}

TEST_CASE("a health check without a program, a time or a failure is refused") {
  internal::CommandSpec spec = spec_of({"true"});
  spec.asks_health = true;
  spec.health_every = 10;
  spec.health_timeout = 10;
  spec.health_failures = 1;
  CHECK(refusal(spec) == "health_check: expected a program and its arguments, but there is no program");
  spec.health_words = {"true"};
  CHECK(check_command(spec).ok());
  spec.health_failures = 0;
  CHECK(refusal(spec) == "health_check: expected 1 failure or more, not 0");
  spec.health_timeout = -5;
  CHECK(refusal(spec) == "health_check: expected times of 1 ms or more, not every 10 ms for -5 ms");
}

TEST_CASE("a variable whose name cannot be one is refused") {
  for (const std::string& name : {std::string(), std::string("A=B"), std::string("A\0", 2)}) {
    internal::CommandSpec spec = spec_of({"true"});
    spec.environment[name] = "x";
    CHECK_FALSE(check_command(spec).ok());
  }
  internal::CommandSpec spec = spec_of({"true"});
  spec.environment["A"] = "b=c";
  CHECK(check_command(spec).ok());
}

TEST_CASE("a program is found in PATH, or where it says, or one sentence says where it was looked for") {
  CHECK(*find_executable("sh", "", {{"PATH", "/nowhere:/bin"}}) == "/bin/sh");
  CHECK(*find_executable("/bin/sh", "/tmp", {}) == "/bin/sh");
  CHECK(*find_executable("bin/sh", "/", {}) == "//bin/sh");
  const auto why = [](const char* word, const char* directory, const Environment& environment) {
    return find_executable(word, directory, environment).status().message();
  };
  CHECK(why("serve", "", {{"PATH", "/nowhere:/bin"}}) == "there is no 'serve' in PATH (/nowhere:/bin)");
  CHECK(why("passwd", "", {{"PATH", "/etc"}}) == "no file called 'passwd' in PATH (/etc) may be executed");
  CHECK(why("./serve", "/nowhere", {}) == "there is no file /nowhere/./serve");
  CHECK(why("/etc/passwd", "", {}) == "/etc/passwd is no file that may be executed");
  CHECK(why("/etc", "", {}) == "/etc is no file that may be executed");
}

TEST_CASE("a command is called by its words, as far as they are short") {
  CHECK(words_of({"python3", "serve.py", "--port", "8000"}) == "python3 serve.py --port 8000");
  CHECK(words_of({std::string(300, 'x')}) == std::string(120, 'x') + "...");
}

}  // namespace
}  // namespace Atoll
