#include "launcher/dashboard/question_line.h"

#include <nlohmann/json.hpp>

namespace Atoll {
namespace {

using nlohmann::json;

std::string dump(const json& object) { return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"; }

// `read` of the line's object; nothing is thrown.
template <typename Value, typename Read>
Result<Value> parse(const std::string& line, Read read) {
  try {
    return Result<Value>(read(json::parse(line)));
  } catch (const json::exception& error) {
    return Status(Code::kInvalidArgument, std::string("a line that is not understood: ") + error.what());
  }
}

}  // namespace

std::string to_line(const QuestionLine& question) {
  return dump({{"number", question.number}, {"path", question.path}, {"arguments", question.arguments}});
}

Result<QuestionLine> question_from_line(const std::string& line) {
  return parse<QuestionLine>(line, [](const json& object) {
    return QuestionLine{object.at("number"), object.at("path"), object.at("arguments").get<HttpArguments>()};
  });
}

std::string to_line(const ReplyLine& reply) {
  return dump({{"number", reply.number},
               {"status", reply.reply.status},
               {"type", reply.reply.type},
               {"body", reply.reply.body}});
}

Result<ReplyLine> reply_from_line(const std::string& line) {
  return parse<ReplyLine>(line, [](const json& object) {
    ReplyLine reply;
    reply.number = object.at("number");
    reply.reply.status = object.at("status");
    reply.reply.type = object.at("type");
    reply.reply.body = object.at("body");
    return reply;
  });
}

std::string greeting_line(const std::string& cluster) { return dump({{"cluster", cluster}}); }

Result<std::string> cluster_from_greeting(const std::string& line) {
  return parse<std::string>(line, [](const json& object) { return object.at("cluster").get<std::string>(); });
}

}  // namespace Atoll
