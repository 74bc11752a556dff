#include "runtime/metrics/metrics_server.h"

#include "config.h"

#ifdef HAVE_MICROHTTPD

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <list>
#include <utility>
#include <vector>

#include "runtime/base/http_library.h"
#include "runtime/base/log.h"
#include "runtime/base/socket_name.h"
#include "runtime/metrics/metrics_request.h"
#include "runtime/metrics/page.h"

namespace Atoll {
namespace {

constexpr std::size_t kRequestMemory = 16 * 1024;  // bytes of one connection: its request, then its answer's head

Result<Fd> listening_socket(const sockaddr* name, socklen_t size, int family) {
  Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return errno_status("a socket for metrics", errno);
  const int one = 1;
  if (family != AF_UNIX) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (::bind(socket.get(), name, size) != 0 || ::listen(socket.get(), kMostReaders) != 0) return errno_status("listening", errno);
  return socket;
}

Result<Fd> listen_in_folder(const std::string& path) {
  Result<SocketName> name = SocketName::of(path);
  if (!name.ok()) return name.status();
  ::unlink(name->address.sun_path);  // of a process before this one
  Result<Fd> socket = listening_socket(name->get(), sizeof name->address, AF_UNIX);
  if (!socket.ok()) return socket.status().prefixed(path);
  // The folder is private already.
  if (::chmod(name->address.sun_path, 0600) != 0) return errno_status(path, errno);
  return socket;
}

Result<Fd> listen_on_loopback(MetricsAddress& address) {
  sockaddr_in6 longer{};
  sockaddr_in name{};
  const bool is_longer = ::inet_pton(AF_INET6, address.host.c_str(), &longer.sin6_addr) == 1;
  longer.sin6_family = AF_INET6;
  longer.sin6_port = htons(address.port);
  name.sin_family = AF_INET;
  name.sin_port = htons(address.port);
  if (!is_longer) ::inet_pton(AF_INET, address.host.c_str(), &name.sin_addr);
  auto* const any = is_longer ? reinterpret_cast<sockaddr*>(&longer) : reinterpret_cast<sockaddr*>(&name);
  socklen_t size = is_longer ? sizeof longer : sizeof name;
  Result<Fd> socket = listening_socket(any, size, any->sa_family);
  if (!socket.ok()) return socket.status().prefixed(host_and_port(address));
  if (::getsockname(socket->get(), any, &size) == 0) address.port = ntohs(is_longer ? longer.sin6_port : name.sin_port);
  return socket;
}

const char* words_of(int status) {
  switch (status) {
    case 400: return "a question for metrics has no body\n";
    case 401: return "say Authorization: Bearer and the token in the session folder\n";
    case 404: return "there is /metrics and nothing else\n";
    case 405: return "there is GET and nothing else\n";
    default: return "";
  }
}

class MicrohttpdServer : public MetricsServer {
 public:
  MicrohttpdServer(Loop& loop, const HttpLibrary& http, MetricsAddress address, std::string token, Ask ask)
      : loop_(loop), http_(http), address_(std::move(address)), token_(std::move(token)), ask_(std::move(ask)) {}
  MicrohttpdServer(const MicrohttpdServer&) = delete;
  MicrohttpdServer& operator=(const MicrohttpdServer&) = delete;

  ~MicrohttpdServer() override {
    if (daemon_ == nullptr) return;
    loop_.remove(epoll_);
    reply("");  // a connection that waits keeps the daemon from stopping
    http_.stop_daemon(daemon_);
  }

  // Without a socket: nobody can come but by adopt().
  Status start(Fd listener) {
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    if (!listener.valid()) flags |= MHD_USE_NO_LISTEN_SOCKET;
    const MHD_OptionItem listening[] = {{MHD_OPTION_LISTEN_SOCKET, listener.get(), nullptr}, {MHD_OPTION_END, 0, nullptr}};
    const MHD_OptionItem nothing[] = {{MHD_OPTION_END, 0, nullptr}};
    daemon_ = http_.start_daemon(flags, 0, nullptr, nullptr, &on_request, this,
                                 MHD_OPTION_EXTERNAL_LOGGER, &on_complaint, this,  // before what it may complain of
                                 MHD_OPTION_ARRAY, listener.valid() ? listening : nothing,
                                 MHD_OPTION_CONNECTION_LIMIT, kMostReaders,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, kRequestMemory,
                                 MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(seconds(kMetricsPatience)),
                                 MHD_OPTION_STRICT_FOR_CLIENT, 1,
                                 MHD_OPTION_NOTIFY_CONNECTION, &on_connection, this,
                                 MHD_OPTION_NOTIFY_COMPLETED, &on_completed, this, MHD_OPTION_END);
    if (daemon_ == nullptr) return Status(Code::kUnavailable, "libmicrohttpd does not start: " + (complaint_.empty() ? "it does not say why" : complaint_));
    listener.release();  // the daemon's now
    const MHD_DaemonInfo* const info = http_.get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == nullptr) return Status(Code::kUnavailable, "libmicrohttpd has no epoll here");
    epoll_ = info->epoll_fd;
    return loop_.add(epoll_, [this] { run(); });
  }

  const MetricsAddress& address() const override { return address_; }
  bool is_asked() const override { return !waiting_.empty(); }

  void reply(const std::string& text) override {
    text_ = text;
    for (MHD_Connection* connection : std::exchange(waiting_, {})) http_.resume_connection(connection);
    run();
  }

  void on_tick(Time now) override {
    for (const Visit& visit : visits_)
      if (now - visit.since > kMetricsPatience) ::shutdown(visit.socket, SHUT_RDWR);
    run();
  }

  bool adopt(Fd socket) override {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    // It is closed there, also if it is not taken.
    const bool taken = http_.add_connection(daemon_, socket.release(), reinterpret_cast<sockaddr*>(&name), sizeof name) == MHD_YES;
    run();
    return taken;
  }

 private:
  struct Visit {
    MHD_Connection* connection = nullptr;
    int socket = -1;
    Time since{};
  };

  // Whoever waits is asked for only after the daemon has returned: reply() calls it again.
  void run() {
    if (running_) return;
    running_ = true;
    MHD_UNSIGNED_LONG_LONG soon = 0;
    for (int round = 0; round < 100; ++round) {
      http_.run(daemon_);
      if (http_.get_timeout(daemon_, &soon) != MHD_YES || soon > 0) break;
    }
    running_ = false;
    if (std::exchange(is_new_, false)) ask_();
  }

  std::string_view header(MHD_Connection* connection, const char* name) const {
    const char* const value = http_.lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value == nullptr ? std::string_view() : std::string_view(value);
  }

  // METRICS-1, over a Unix socket.
  bool is_ours(MHD_Connection* connection) const {
    const MHD_ConnectionInfo* const info = http_.get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    ucred peer{};
    socklen_t size = sizeof peer;
    if (info == nullptr || ::getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == ::geteuid() || peer.uid == 0;
  }

  int status_of(MHD_Connection* connection, const char* path, const char* method) const {
    if (address_.is_unix && !is_ours(connection)) return 401;
    MetricsRequest request;
    request.method = method;
    request.path = path;
    request.authorization = header(connection, "Authorization");
    request.has_body = !header(connection, "Transfer-Encoding").empty() ||
                       (!header(connection, "Content-Length").empty() && header(connection, "Content-Length") != "0");
    return judge(request, address_.is_unix ? "" : token_);
  }

  MHD_Result answer(MHD_Connection* connection, int status, const std::string& text) const {
    // The library copies the text; it is not const for history's sake.
    MHD_Response* const response = http_.create_response(text.size(), const_cast<char*>(text.data()), MHD_RESPMEM_MUST_COPY);
    if (response == nullptr) return MHD_NO;
    http_.add_response_header(response, "Content-Type", status == 200 ? kMetricsContentType : "text/plain; charset=utf-8");
    http_.add_response_header(response, "Connection", "close");  // METRICS-2
    http_.add_response_header(response, "Cache-Control", "no-store");
    if (status == 401) http_.add_response_header(response, "WWW-Authenticate", "Bearer realm=\"atoll\"");
    if (status == 405) http_.add_response_header(response, "Allow", "GET");
    const MHD_Result queued = http_.queue_response(connection, static_cast<unsigned>(status), response);
    http_.destroy_response(response);
    return queued;
  }

  // Called twice for a request: when its head is there, and once it was resumed. `*met` tells which.
  MHD_Result hear(MHD_Connection* connection, const char* path, const char* method, void** met) {
    if (*met != nullptr) return answer(connection, 200, text_);
    *met = this;
    if (const int status = status_of(connection, path, method); status != 200) return answer(connection, status, words_of(status));
    http_.suspend_connection(connection);
    is_new_ |= waiting_.empty();
    waiting_.push_back(connection);
    return MHD_YES;
  }

  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* path, const char* method, const char*, const char*,
                               std::size_t*, void** met) {
    return static_cast<MicrohttpdServer*>(self)->hear(connection, path, method, met);
  }

  static void on_connection(void* self, MHD_Connection* connection, void**, MHD_ConnectionNotificationCode what) {
    auto& server = *static_cast<MicrohttpdServer*>(self);
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
      std::erase_if(server.visits_, [connection](const Visit& visit) { return visit.connection == connection; });
      return;
    }
    const MHD_ConnectionInfo* const info = server.http_.get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    server.visits_.push_back({connection, info == nullptr ? -1 : info->connect_fd, now()});
  }

  static void on_completed(void* self, MHD_Connection* connection, void**, MHD_RequestTerminationCode) {
    std::erase(static_cast<MicrohttpdServer*>(self)->waiting_, connection);
  }

  static void on_complaint(void* self, const char* format, va_list arguments) {
    char words[256];
    std::vsnprintf(words, sizeof words, format, arguments);
    static_cast<MicrohttpdServer*>(self)->complaint_ = words;
    log::debug("metrics: {}", words);
  }

  Loop& loop_;
  HttpLibrary http_;
  MetricsAddress address_;
  std::string token_;
  Ask ask_;
  MHD_Daemon* daemon_ = nullptr;
  int epoll_ = -1;
  bool running_ = false;
  bool is_new_ = false;  // the first of those who wait has come
  std::vector<MHD_Connection*> waiting_;
  std::list<Visit> visits_;
  std::string text_;
  std::string complaint_;
};

Result<std::unique_ptr<MetricsServer>> serve(Loop& loop, MetricsAddress address, std::string token, MetricsServer::Ask ask, Fd listener) {
  const Result<HttpLibrary> http = HttpLibrary::load("metrics need");
  if (!http.ok()) return http.status();
  auto server = std::make_unique<MicrohttpdServer>(loop, *http, std::move(address), std::move(token), std::move(ask));
  ATOLL_RETURN_IF_ERROR(server->start(std::move(listener)));
  return std::unique_ptr<MetricsServer>(std::move(server));
}

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::listen(Loop& loop, const MetricsAddress& address, const std::string& socket_path,
                                                             std::string token, Ask ask) {
  MetricsAddress real = address;
  Result<Fd> listener = address.is_unix ? listen_in_folder(socket_path) : listen_on_loopback(real);
  if (!listener.ok()) return listener.status();
  return serve(loop, std::move(real), std::move(token), std::move(ask), std::move(*listener));
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::without_listening(Loop& loop, std::string token, Ask ask) {
  return serve(loop, {}, std::move(token), std::move(ask), Fd());
}

}  // namespace Atoll

#else

namespace Atoll {

Result<std::unique_ptr<MetricsServer>> MetricsServer::listen(Loop&, const MetricsAddress&, const std::string&, std::string, Ask) {
  return Status(Code::kUnavailable, "this Atoll was built without libmicrohttpd, which metrics need");
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::without_listening(Loop&, std::string, Ask) {
  return Status(Code::kUnavailable, "this Atoll was built without libmicrohttpd, which metrics need");
}

}  // namespace Atoll

#endif
