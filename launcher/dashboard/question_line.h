#pragma once

#include <cstdint>
#include <string>

#include "launcher/dashboard/question.h"

namespace Atoll {

// How questions get from a login node into the job, and replies back: a line of JSON each, over srun's stdin and
// stdout. Pure. What is no such line is kInvalidArgument.
struct QuestionLine {
  std::uint64_t number = 0;  // a reply has that of its question
  std::string path;
  HttpArguments arguments;
};
std::string to_line(const QuestionLine& question);
Result<QuestionLine> question_from_line(const std::string& line);

struct ReplyLine {
  std::uint64_t number = 0;
  HttpReply reply;
};
std::string to_line(const ReplyLine& reply);
Result<ReplyLine> reply_from_line(const std::string& line);

// What comes first, once the cluster was found: its name.
std::string greeting_line(const std::string& cluster);
Result<std::string> cluster_from_greeting(const std::string& line);

}  // namespace Atoll
