// Servers as actors: one on every node of the cluster, each restarted if it dies, and asked by tasks beside it.
//
//   atoll run -- serve                          python3 -m http.server, of the current folder
//   atoll run -- serve 8000 PROGRAM WORD...     another server, which listens on that port

#include <atoll/atoll.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr auto kPatience = std::chrono::minutes(5);

// The first line that the server on this node answers.
std::string ask(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string request = "GET / HTTP/1.0\r\n\r\n";
  char answer[256] = "";
  const bool is_asked = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                        ::write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size());
  const ssize_t n = is_asked ? ::read(fd, answer, sizeof answer) : -1;
  ::close(fd);
  if (n <= 0) throw std::runtime_error("no answer from port " + std::to_string(port));
  const std::string all(answer, static_cast<std::size_t>(n));
  return all.substr(0, all.find('\r'));
}
ATOLL_TASK(ask);

void serve(const Atoll::Cluster& cluster, int port, const std::vector<std::string>& words) {
  std::vector<Atoll::Command> servers;
  for (const Atoll::NodeView& node : cluster.nodes())
    servers.push_back(Atoll::command(words).on_node(node.name).restarts(3).ready_when_listening(port).start());
  for (const Atoll::Command& server : servers) {
    server.wait_ready(kPatience);
    const std::string node = server.node();
    const std::string answer = Atoll::task(ask).on_node(node).submit(port).get();
    std::printf("%s process %d answers: %s\n", node.c_str(), server.pid(), answer.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const int port = argc > 1 ? std::atoi(argv[1]) : 8000;
  std::vector<std::string> words(argv + std::min(argc, 2), argv + argc);
  if (words.empty()) words = {"python3", "-m", "http.server", std::to_string(port)};
  try {
    serve(cluster, port, words);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "serve: %s\n", error.what());
    return 1;
  }
}
