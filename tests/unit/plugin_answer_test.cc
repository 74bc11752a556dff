#include <doctest/doctest.h>

#include <string>
#include <vector>

extern "C" {
#include "spank_plugin/answer.h"
}

namespace {

using Lines = std::vector<std::string>;

void keep_line(void* context, const atoll_line* line) {
  const char* keys[] = {"cpus", "memory", "set"};
  static_cast<Lines*>(context)->push_back(std::string(keys[line->key]) + "|" + line->name + "|" + line->value);
}

struct Answer {
  atoll_answer kind;
  Lines lines;
};

Answer read(const std::string& text, unsigned task) {
  Answer answer{};
  answer.kind = read_answer(text.data(), text.size(), task, keep_line, &answer.lines);
  return answer;
}

const std::string kTwo =
    "atoll-bind 1\n"
    "task 0\ncpus 0-3\nmemory 0\nset A=1\nset B=x=y,z\n"
    "task 1\nset EMPTY=\n"
    "end\n";

}  // namespace

TEST_CASE("a task gets its lines of the answer, in order") {
  const Answer first = read(kTwo, 0), second = read(kTwo, 1);
  CHECK(first.kind == ATOLL_ANSWER_TASK);
  CHECK(first.lines == Lines{"cpus||0-3", "memory||0", "set|A|1", "set|B|x=y,z"});
  CHECK(second.kind == ATOLL_ANSWER_TASK);
  CHECK(second.lines == Lines{"set|EMPTY|"});
}

TEST_CASE("an answer without this task is none") { CHECK(read(kTwo, 2).kind == ATOLL_ANSWER_BAD); }

TEST_CASE("nothing is an answer too") {
  const Answer answer = read("atoll-bind 1\nnothing\nend\n", 0);
  CHECK(answer.kind == ATOLL_ANSWER_NOTHING);
  CHECK(answer.lines.empty());
}

TEST_CASE("of a text that is wrong anywhere nothing is taken") {
  const std::string texts[] = {
      "",
      "\n",
      "hello\n",
      "atoll-bind 1\n",
      "atoll-bind 1\nend\n",
      "atoll-bind 2\ntask 0\nend\n",
      "atoll-bind 1\ntask 0\nset A=1\n",                     // cut off
      "atoll-bind 1\ntask 0\nset A=1\nend",                  // no line end
      "atoll-bind 1\ntask 0\nset A=1\nend\nmore\n",          // goes on
      "atoll-bind 1\nset A=1\nend\n",                        // of no task
      "atoll-bind 1\ntask 1\nset A=1\nend\n",                // does not begin with 0
      "atoll-bind 1\ntask 0\ntask 2\nend\n",                 // leaves one out
      "atoll-bind 1\ntask 0\ntask 0\nend\n",                 // has one twice
      "atoll-bind 1\ntask 0x\nend\n",
      "atoll-bind 1\ntask -0\nend\n",
      "atoll-bind 1\ntask 0\nset =1\nend\n",
      "atoll-bind 1\ntask 0\nset A\nend\n",
      "atoll-bind 1\ntask 0\nset A B=1\nend\n",
      "atoll-bind 1\ntask 0\nset 1A=1\nend\n",
      "atoll-bind 1\ntask 0\ngpus 1\nend\n",
      "atoll-bind 1\nnothing\ntask 0\nend\n",
      "atoll-bind 1\ntask 0\nnothing\nend\n",
      std::string("atoll-bind 1\ntask 0\nset A=\0\nend\n", 32),
      "atoll-bind 1\ntask 0\nset A=" + std::string(9000, 'x') + "\nend\n",
  };
  for (const std::string& text : texts) {
    CAPTURE(text);
    const Answer answer = read(text, 0);
    CHECK(answer.kind == ATOLL_ANSWER_BAD);
    CHECK(answer.lines.empty());
  }
}

TEST_CASE("lists of the kernel are read as bits") {
  unsigned char bits[8];
  CHECK(read_list("0-3,8", bits, 64) == 5);
  CHECK(bits[0] == 0x0f);
  CHECK(bits[1] == 0x01);
  CHECK(read_list("63", bits, 64) == 1);
  CHECK(bits[7] == 0x80);
  CHECK(read_list("1,1,0-2", bits, 64) == 3);
}

TEST_CASE("what is no list of the kernel is refused") {
  unsigned char bits[8];
  for (const char* text : {"", "a", "-1", "3-1", "0,", "0-", "0--1", "64", "0-64", "0 1", "99999999999999999999"})
    CHECK_MESSAGE(read_list(text, bits, 64) == -1, text);
}
