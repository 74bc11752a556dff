// atoll dashboard: who may look, and what a request becomes.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "launcher/dashboard/page_files.h"
#include "launcher/dashboard/question_line.h"
#include "launcher/dashboard/site.h"

namespace Atoll {
namespace {

const Gate::Words kWords = {"70ce4", "c00c1e", "a001"};

HttpRequest request_for(const std::string& path) {
  HttpRequest request;
  request.method = "GET";
  request.path = path;
  request.host = "127.0.0.1:8265";
  return request;
}

HttpRequest entering(const std::string& token = kWords.token) {
  HttpRequest request = request_for("/");
  request.arguments = {{"token", token}};
  return request;
}

HttpRequest with_cookie(const std::string& path) {
  HttpRequest request = request_for(path);
  request.cookies = "atoll=" + kWords.cookie;
  return request;
}

int status_of(Gate& gate, const HttpRequest& request) {
  const Gate::Verdict verdict = gate.admit(request);
  return verdict.reply ? verdict.reply->status : 200;
}

std::string field_of(const HttpReply& reply, const std::string& name) {
  for (const auto& [key, value] : reply.fields)
    if (key == name) return value;
  return "";
}

}  // namespace

TEST_CASE("GATE-1: without the token or the cookie everything is 403") {
  Gate gate(kWords);
  for (const char* path :
       {"/", "/a001/", "/a001/api/summary", "/a001", "/favicon.ico", "", "*", "//", "/a001/../a001/"})
    CHECK_MESSAGE(status_of(gate, request_for(path)) == 403, path);
  CHECK(status_of(gate, entering("")) == 403);
  CHECK(status_of(gate, entering("70ce")) == 403);
  CHECK(status_of(gate, entering("70ce45")) == 403);
  CHECK_FALSE(gate.was_opened());
  for (const char* cookies :
       {"atoll=", "atoll=c00c1", "atoll=c00c1e0", "other=c00c1e", "xatoll=c00c1e", "atoll=C00C1E", ";;;", "c00c1e"}) {
    HttpRequest request = request_for("/a001/");
    request.cookies = cookies;
    CHECK_MESSAGE(status_of(gate, request) == 403, cookies);
  }
  CHECK(status_of(gate, with_cookie("/a002/")) == 403);
  CHECK(status_of(gate, with_cookie("/")) == 403);
}

TEST_CASE("GATE-2: the token opens once, and the cookie from then on") {
  Gate gate(kWords);
  const Gate::Verdict first = gate.admit(entering());
  REQUIRE(first.reply);
  CHECK(first.reply->status == 200);
  CHECK(field_of(*first.reply, "Set-Cookie") == "atoll=c00c1e; Path=/a001/; HttpOnly; SameSite=Strict");
  CHECK(first.reply->body.find("url=/a001/") != std::string::npos);
  CHECK(gate.was_opened());
  CHECK(status_of(gate, entering()) == 403);
  const Gate::Verdict page = gate.admit(with_cookie("/a001/"));
  CHECK_FALSE(page.reply);
  CHECK(page.path == "");
  HttpRequest several = request_for("/a001/api/list");
  several.cookies = "a=1; atoll=old;atoll=c00c1e; z";
  CHECK(gate.admit(several).path == "api/list");
}

TEST_CASE("GATE-3: names of the loopback are answered, others are not") {
  for (const char* host : {"127.0.0.1", "127.0.0.1:8265", "localhost:9000", "LocalHost", "[::1]", "[::1]:80"}) {
    Gate gate(kWords);
    HttpRequest request = with_cookie("/a001/");
    request.host = host;
    CHECK_MESSAGE(status_of(gate, request) == 200, host);
  }
  for (const char* host : {"", "reef.example", "reef.example:8265", "127.0.0.1.reef.example", "localhost.reef.example",
                           "127.0.0.1:", "127.0.0.1:80a", "127.0.0.1:123456", "10.0.0.1", "[::1", "[::1]x",
                           "localhost:80:90", "0.0.0.0", "@localhost"}) {
    Gate gate(kWords);
    HttpRequest request = entering();
    request.host = host;
    CHECK_MESSAGE(status_of(gate, request) == 403, host);
    CHECK_FALSE(gate.was_opened());
  }
}

TEST_CASE("GATE-4: nothing but GET without a body is answered") {
  for (const char* method : {"POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "", "BREW"}) {
    Gate gate(kWords);
    HttpRequest request = with_cookie("/a001/api/summary");
    request.method = method;
    CHECK_MESSAGE(status_of(gate, request) == 405, method);
    request = entering();
    request.method = method;
    CHECK_MESSAGE(status_of(gate, request) == 403, method);
    CHECK_FALSE(gate.was_opened());
  }
  Gate gate(kWords);
  HttpRequest request = with_cookie("/a001/api/summary");
  request.has_body = true;
  CHECK(status_of(gate, request) == 405);
}

TEST_CASE("GATE-5: what pages of other origins ask for is refused, with the cookie too") {
  Gate gate(kWords);
  for (const auto& [site, status] :
       {std::pair{"same-origin", 200}, {"none", 200}, {"", 200}, {"same-site", 403}, {"cross-site", 403}, {"?", 403}}) {
    HttpRequest request = with_cookie("/a001/api/summary");
    request.fetch_site = site;
    CHECK_MESSAGE(status_of(gate, request) == status, site);
  }
  HttpRequest link = entering();  // a link in a mail
  link.fetch_site = "cross-site";
  CHECK(status_of(gate, link) == 200);
}

TEST_CASE("the words of two gates have nothing in common") {
  const Gate::Words one = Gate::random_words(), other = Gate::random_words();
  CHECK(one.token.size() == 64);
  CHECK(one.cookie.size() == 64);
  CHECK(one.room.size() == 32);
  CHECK(one.token != one.cookie);
  CHECK(one.token != other.token);
  CHECK(one.cookie != other.cookie);
  CHECK(one.room != other.room);
}

// ----------------------------------------------------------------------------- questions

namespace {

std::string why(const std::string& path, const HttpArguments& arguments) {
  const Result<DashboardQuestion> question = parse_question(path, arguments);
  REQUIRE_FALSE(question.ok());
  return question.status().message();
}

}  // namespace

TEST_CASE("a list is asked for as atoll list does, from a row on") {
  const Result<DashboardQuestion> question = parse_question("api/list", {{"kind", "actors"},
                                                                         {"filter", "state=alive"},
                                                                         {"filter", "class~Train"},
                                                                         {"sort", "-seconds"},
                                                                         {"columns", "id,name"},
                                                                         {"offset", "100"},
                                                                         {"count", "50"},
                                                                         {"unknown", "x"}});
  REQUIRE(question.ok());
  const auto& list = std::get<ListQuestion>(question->what);
  CHECK(list.offset == 100);
  CHECK(list.request.question.limit == 150);
  CHECK(list.request.question.filters.size() == 2);
  CHECK(list.request.question.sort == "seconds");
  CHECK(list.request.shown.size() == 2);
}

TEST_CASE("all keys and some rows are asked for where nothing is said") {
  const Result<DashboardQuestion> question = parse_question("api/list", {{"kind", "nodes"}});
  REQUIRE(question.ok());
  CHECK(std::get<ListQuestion>(question->what).request.question.limit == kUsualRows);
  CHECK(std::get<ListQuestion>(question->what).request.shown.size() == info_of(StateKind::kNodes).columns.size());
}

TEST_CASE("logs are asked for by whose they are, and of one its last lines") {
  const Result<DashboardQuestion> logs = parse_question("api/logs", {{"of", "trainer"}, {"of", ""}, {"of", "n2:4711"}});
  REQUIRE(logs.ok());
  CHECK(std::get<LogsQuestion>(logs->what).of == std::vector<std::string>{"trainer", "n2:4711"});
  const Result<DashboardQuestion> log = parse_question("api/log", {{"id", "0123456789abcdef"}});
  REQUIRE(log.ok());
  CHECK(std::get<LogQuestion>(log->what).process == "0123456789abcdef");
  CHECK(std::get<LogQuestion>(log->what).lines == kUsualLines);
}

TEST_CASE("questions that make no sense, or are too large, are refused in words") {
  CHECK(why("api/list", {}).find("cannot be listed") != std::string::npos);
  CHECK(why("api/list", {{"kind", "nodes"}, {"filter", "colour=red"}}).find("\"colour\"") != std::string::npos);
  CHECK(why("api/list", {{"kind", "nodes"}, {"offset", "-1"}}) == "offset is a number up to 10000");
  CHECK(why("api/list", {{"kind", "nodes"}, {"count", "1e3"}}) == "count is a number up to 10000");
  CHECK(why("api/list", {{"kind", "nodes"}, {"count", "99999999999999999999"}}) == "count is a number up to 10000");
  CHECK(why("api/list", {{"kind", "nodes"}, {"offset", "0"}, {"count", "0"}}).find("--limit is from 1") == 0);
  CHECK(why("api/list", {{"kind", "nodes"}, {"offset", "9990"}, {"count", "50"}}).find("only the first 10000 rows") ==
        0);
  CHECK(why("api/explain", {}) == "id= is missing");
  CHECK(why("api/log", {}) == "id= is missing");
  CHECK(why("api/log", {{"id", "abc"}, {"lines", "2001"}}) == "lines is a number up to 2000");
  CHECK(why("api/list", {{"kind", std::string(kMostArgument + 1, 'x')}}).find("longer than") != std::string::npos);
  CHECK(why("api/list", HttpArguments(kMostArguments + 1, {"filter", "a=b"})).find("more than") == 0);
  for (const char* path : {"api", "api/", "api/lists", "/api/list", "../secret", "style.css/", "index.html", "APP.JS"})
    CHECK_MESSAGE(parse_question(path, {}).status().code() == Code::kNotFound, path);
}

TEST_CASE("questions and replies are lines on their way into a job and back") {
  const QuestionLine question = {7, "api/list", {{"filter", "name~\"a\nb\""}, {"filter", "x=\xff"}}};
  const std::string line = to_line(question);
  CHECK(line.find('\n') == line.size() - 1);
  const Result<QuestionLine> read = question_from_line(line);
  REQUIRE(read.ok());
  CHECK(read->number == 7);
  CHECK(read->path == "api/list");
  CHECK(read->arguments[0] == question.arguments[0]);
  CHECK(read->arguments.size() == 2);
  const Result<ReplyLine> reply = reply_from_line(to_line(ReplyLine{7, {404, "text/plain", "a\nb", {}}}));
  REQUIRE(reply.ok());
  CHECK(reply->number == 7);
  CHECK(reply->reply.status == 404);
  CHECK(reply->reply.body == "a\nb");
  CHECK(cluster_from_greeting(greeting_line("reef")).value() == "reef");
  for (const char* bad : {"", "{}", "[]", "srun: error: x", "{\"number\":\"a\",\"path\":1}", "{\"number\":1", "\xff"}) {
    CHECK_MESSAGE(question_from_line(bad).status().code() == Code::kInvalidArgument, bad);
    CHECK_MESSAGE(reply_from_line(bad).status().code() == Code::kInvalidArgument, bad);
    CHECK_MESSAGE(cluster_from_greeting(bad).status().code() == Code::kInvalidArgument, bad);
  }
}

// ----------------------------------------------------------------------------- the site

namespace {

struct SiteFixture {
  HttpReply get(const HttpRequest& request) {
    HttpReply got;
    int replies = 0;
    site.take(request, [&](HttpReply reply) {
      got = std::move(reply);
      ++replies;
    });
    CHECK(replies == 1);
    return got;
  }
  std::vector<DashboardQuestion> asked;
  DashboardSite site{kWords, [this](DashboardQuestion question, DashboardSite::Done done) {
                       asked.push_back(std::move(question));
                       done({200, "application/json", "{}"});
                     }};
};

}  // namespace

TEST_CASE("the site gives out the page, and asks the cluster for nobody but who may look") {
  SiteFixture fixture;
  CHECK(fixture.get(request_for("/a001/api/summary")).status == 403);
  CHECK(fixture.get(request_for("/a001/style.css")).status == 403);
  CHECK(fixture.get(entering()).status == 200);
  CHECK(fixture.asked.empty());
  const HttpReply page = fixture.get(with_cookie("/a001/"));
  CHECK(page.type == "text/html; charset=utf-8");
  CHECK(page.body.find("<title>Atoll</title>") != std::string::npos);
  CHECK(fixture.get(with_cookie("/a001/app.js")).type == "text/javascript; charset=utf-8");
  CHECK(fixture.get(with_cookie("/a001/secret")).status == 404);
  CHECK(fixture.get(with_cookie("/a001/api/list")).status == 400);
  CHECK(fixture.asked.empty());
  CHECK(fixture.get(with_cookie("/a001/api/summary")).body == "{}");
  REQUIRE(fixture.asked.size() == 1);
  CHECK(std::holds_alternative<SummaryQuestion>(fixture.asked[0].what));
}

TEST_CASE("the page names no other host, and every file that it names is there") {
  for (const PageFile& file : page_files()) {
    CAPTURE(file.path);
    CHECK_FALSE(file.text.empty());
    for (std::size_t at = file.text.find("://"); at != std::string_view::npos; at = file.text.find("://", at + 1))
      CHECK(file.text.substr(at, 14) == "://www.w3.org/");  // the name of SVG
    for (const char* before : {"from \"./", "import \"./", "href=\"", "src=\""}) {
      for (std::size_t at = file.text.find(before); at != std::string_view::npos; at = file.text.find(before, at + 1)) {
        const std::size_t begin = at + std::string_view(before).size();
        const std::string_view name = file.text.substr(begin, file.text.find('"', begin) - begin);
        if (!name.starts_with('#')) CHECK_MESSAGE(find_page_file(name) != nullptr, std::string(name));
      }
    }
  }
}

TEST_CASE("errors are JSON, whatever their words are") {
  const HttpReply reply = error_reply(503, "a \"name\" with \xff and <b>");
  CHECK(reply.status == 503);
  CHECK(nlohmann::json::parse(reply.body)["error"].get<std::string>().find("a \"name\" with ") == 0);
}

}  // namespace Atoll
