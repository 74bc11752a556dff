#include "launcher/dashboard/http_server.h"

#include "config.h"

#ifdef HAVE_MICROHTTPD

#include <arpa/inet.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <optional>

#include "runtime/base/fd.h"
#include "runtime/base/http_library.h"

namespace Atoll {
namespace {

Result<Fd> listen_on_loopback(int port, int& chosen) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int yes = 1;  // a server that ended a moment ago does not keep the port
  if (!fd.valid() || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd.get(), SOMAXCONN) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    const Status failed = errno_status("port " + std::to_string(port) + " of 127.0.0.1", errno);
    return Status(Code::kUnavailable, failed.message() + "; without --port one that is free is taken");
  }
  chosen = ntohs(address.sin_port);
  return fd;
}

// One request, from its first line to the end of its reply.
struct Exchange {
  std::optional<HttpReply> reply;
  bool was_handled = false;
};

class MicroServer final : public HttpServer {
 public:
  MicroServer(HttpLibrary library, Handler handler) : library_(library), handler_(std::move(handler)) {}
  ~MicroServer() override { stop(); }

  Status listen(int port) {
    Result<Fd> fd = listen_on_loopback(port, port_);
    if (!fd.ok()) return fd.status();
    daemon_ = library_.start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr,
                                    &on_request, this, MHD_OPTION_LISTEN_SOCKET, fd->get(), MHD_OPTION_CONNECTION_LIMIT,
                                    kMostConnections, MHD_OPTION_CONNECTION_TIMEOUT, kSilentSeconds,
                                    MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionBytes, MHD_OPTION_NOTIFY_COMPLETED,
                                    &on_completed, nullptr, MHD_OPTION_END);
    if (daemon_ == nullptr) return Status(Code::kUnavailable, "libmicrohttpd does not start");
    fd->release();  // the daemon closes it
    return Status();
  }

  int port() const override { return port_; }
  void stop() override {
    if (daemon_ != nullptr) library_.stop_daemon(std::exchange(daemon_, nullptr));
  }

 private:
  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url, const char* method, const char*,
                               const char*, std::size_t*, void** exchange) {
    if (*exchange == nullptr) *exchange = new Exchange;
    return static_cast<MicroServer*>(self)->take(*connection, url, method, *static_cast<Exchange*>(*exchange));
  }
  static void on_completed(void*, MHD_Connection*, void** exchange, MHD_RequestTerminationCode) {
    delete static_cast<Exchange*>(std::exchange(*exchange, nullptr));
  }

  // Called when the head of a request has come, and again when its reply is there. Bodies are never read.
  MHD_Result take(MHD_Connection& connection, const char* url, const char* method, Exchange& exchange) {
    if (!exchange.was_handled) {
      exchange.was_handled = true;
      library_.suspend_connection(&connection);
      // Until it is resumed nobody but who replies touches the exchange.
      handler_(read(connection, url, method), [this, &connection, &exchange](HttpReply reply) {
        exchange.reply = std::move(reply);
        library_.resume_connection(&connection);
      });
      return MHD_YES;
    }
    return exchange.reply ? send(connection, *exchange.reply) : MHD_NO;
  }

  HttpRequest read(MHD_Connection& connection, const char* url, const char* method) const {
    HttpRequest request;
    request.method = method;
    request.path = url;
    library_.get_connection_values(&connection, MHD_GET_ARGUMENT_KIND, &add_argument, &request);
    request.host = field(connection, "Host");
    request.cookies = field(connection, "Cookie");
    request.fetch_site = field(connection, "Sec-Fetch-Site");
    const std::string length = field(connection, "Content-Length");
    request.has_body = (!length.empty() && length != "0") || !field(connection, "Transfer-Encoding").empty();
    return request;
  }

  std::string field(MHD_Connection& connection, const char* name) const {
    const char* value = library_.lookup_connection_value(&connection, MHD_HEADER_KIND, name);
    return value == nullptr ? "" : value;
  }

  static MHD_Result add_argument(void* request, MHD_ValueKind, const char* key, std::size_t key_size, const char* value,
                                 std::size_t value_size) {
    static_cast<HttpRequest*>(request)->arguments.emplace_back(
        std::string(key, key_size), value == nullptr ? std::string() : std::string(value, value_size));
    return MHD_YES;
  }

  MHD_Result send(MHD_Connection& connection, const HttpReply& reply) const {
    MHD_Response* response = library_.create_response(
        reply.body.size(), const_cast<char*>(reply.body.data()), MHD_RESPMEM_MUST_COPY);
    if (response == nullptr) return MHD_NO;
    library_.add_response_header(response, "Content-Type", reply.type.c_str());
    for (const auto* fields : {&fields_of_every_reply(), &reply.fields})
      for (const auto& [name, value] : *fields) library_.add_response_header(response, name.c_str(), value.c_str());
    const MHD_Result queued = library_.queue_response(&connection, static_cast<unsigned>(reply.status), response);
    library_.destroy_response(response);
    return queued;
  }

  const HttpLibrary library_;
  const Handler handler_;
  int port_ = 0;
  MHD_Daemon* daemon_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(int port, Handler handler) {
  const Result<HttpLibrary> library = HttpLibrary::load("the dashboard needs");
  if (!library.ok()) return library.status();
  auto server = std::make_unique<MicroServer>(*library, std::move(handler));
  ATOLL_RETURN_IF_ERROR(server->listen(port));
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace Atoll

#else

namespace Atoll {

Result<std::unique_ptr<HttpServer>> HttpServer::start(int, Handler) {
  return Status(Code::kUnavailable, "this Atoll was built without libmicrohttpd, and so has no dashboard");
}

}  // namespace Atoll

#endif
