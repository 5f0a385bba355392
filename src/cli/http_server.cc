#include "cli/http_server.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include "nacre/runtime.h"

namespace nacre::cli {

namespace {

constexpr size_t kMostConnections = 64;
constexpr size_t kMostRequestBytes = 8192;
constexpr uint64_t kPatienceNs = 10'000'000'000;

int wake_descriptor = -1;

}  // namespace

// SIGINT and SIGTERM as something that poll finds ready. A signal may come on any thread of the process and at any time: what its
// handler writes stays there to be found.
class EndSignals {
 public:
  EndSignals() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    wake_descriptor = descriptor_;
    struct sigaction action = {};
    action.sa_handler = [](int) {
      const int error_before = errno;
      const uint64_t one = 1;
      (void)!::write(wake_descriptor, &one, sizeof one);
      errno = error_before;
    };
    sigaction(SIGINT, &action, &interrupt_before_);
    sigaction(SIGTERM, &action, &terminate_before_);
  }
  ~EndSignals() {
    sigaction(SIGINT, &interrupt_before_, nullptr);
    sigaction(SIGTERM, &terminate_before_, nullptr);
    ::close(descriptor_);
  }
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;

  pollfd to_poll() const { return {.fd = descriptor_, .events = POLLIN, .revents = 0}; }

 private:
  const int descriptor_;
  struct sigaction interrupt_before_ = {};
  struct sigaction terminate_before_ = {};
};

namespace {

uint64_t now_ns() { return Runtime::standard().clock->now_ns(); }

bool split(const std::string& where, std::string* host, std::string* port) {
  const size_t colon = where.rfind(':');
  if (colon == std::string::npos) return false;
  *host = where.substr(0, colon);
  *port = where.substr(colon + 1);
  if (host->size() > 2 && host->front() == '[' && host->back() == ']') {
    *host = host->substr(1, host->size() - 2);
  } else if (host->find(':') != std::string::npos) {
    return false;
  }
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(port->data(), port->data() + port->size(), number);
  return !host->empty() && error == std::errc() && end == port->data() + port->size();
}

std::string address_of(int socket) {
  sockaddr_storage address{};
  socklen_t bytes = sizeof address;
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &bytes) != 0 ||
      getnameinfo(reinterpret_cast<sockaddr*>(&address), bytes, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "?";
  const bool is_v6 = address.ss_family == AF_INET6;
  return (is_v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + port;
}

const char* words_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 431: return "Request Header Fields Too Large";
    default: return "Service Unavailable";
  }
}

std::string encoded(const HttpAnswer& answer, bool with_body) {
  std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " " + words_of(answer.status) + "\r\n";
  out += "Content-Type: " + answer.type + "\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n";
  if (answer.status == 405) out += "Allow: GET, HEAD\r\n";
  out +=
      "Connection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: "
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:\r\n"
      "\r\n";
  if (with_body) out += answer.body;
  return out;
}

HttpAnswer refusal(int status, const char* words) {
  return {.status = status, .type = "text/plain; charset=utf-8", .body = std::string(words) + "\n"};
}

// Nothing while the head of the request is not whole.
std::string answer_to(const std::string& request, const std::function<HttpAnswer(const std::string&)>& answer) {
  if (request.find("\r\n\r\n") == std::string::npos) {
    return request.size() < kMostRequestBytes ? "" : encoded(refusal(431, "the request is too long"), true);
  }
  const std::string line = request.substr(0, request.find("\r\n"));
  const size_t first = line.find(' ');
  const size_t second = line.rfind(' ');
  if (first == std::string::npos || second <= first + 1 || line.compare(second + 1, 7, "HTTP/1.") != 0)
    return encoded(refusal(400, "this is no request of HTTP/1"), true);
  const std::string method = line.substr(0, first);
  if (method != "GET" && method != "HEAD") return encoded(refusal(405, "only GET and HEAD"), true);
  const std::string target = line.substr(first + 1, second - first - 1);
  return encoded(answer(target.substr(0, target.find('?'))), method == "GET");
}

}  // namespace

std::unique_ptr<HttpServer> HttpServer::listen(const std::string& where, std::string* why) {
  std::string host;
  std::string port;
  if (!split(where, &host, &port)) {
    *why = "this is no address and port, as 127.0.0.1:9464 or [::1]:9464";
    return nullptr;
  }
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    *why = gai_strerror(error);
    return nullptr;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, freeaddrinfo);
  const int socket = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int yes = 1;
  if (socket < 0 || setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      bind(socket, found->ai_addr, found->ai_addrlen) != 0 || ::listen(socket, SOMAXCONN) != 0) {
    *why = errno == EADDRINUSE ? "the port is taken: name another one, or end the program that has it"
                               : std::strerror(errno);
    if (socket >= 0) ::close(socket);
    return nullptr;
  }
  return std::unique_ptr<HttpServer>(new HttpServer(socket, address_of(socket)));
}

HttpServer::HttpServer(int socket, std::string address)
    : socket_(socket), address_(std::move(address)), signals_(std::make_unique<EndSignals>()) {}

HttpServer::~HttpServer() {
  for (const Connection& connection : connections_) ::close(connection.socket);
  ::close(socket_);
}

void HttpServer::accept_one() {
  const int socket = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (socket >= 0) connections_.push_back({.socket = socket, .deadline_ns = now_ns() + kPatienceNs});
}

// False: the connection is at its end.
bool HttpServer::advance(Connection& connection, short events,
                         const std::function<HttpAnswer(const std::string&)>& answer) {
  if ((events & (POLLERR | POLLNVAL)) != 0) return false;
  if ((events & (POLLIN | POLLHUP)) != 0) {
    char bytes[2048];
    const ssize_t got = recv(connection.socket, bytes, sizeof bytes, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return false;
    if (got < 0 || connection.is_answered) return true;
    connection.in.append(bytes, static_cast<size_t>(got));
    connection.out = answer_to(connection.in, answer);
  }
  if (connection.out.empty() || connection.is_answered) return true;
  const Bytes left = Bytes(connection.out).substr(connection.sent);
  const ssize_t sent = send(connection.socket, left.data(), left.size(), MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  connection.sent += static_cast<size_t>(sent);
  connection.is_answered = connection.sent == connection.out.size();
  if (connection.is_answered) shutdown(connection.socket, SHUT_WR);
  return true;
}

void HttpServer::serve(const std::function<HttpAnswer(const std::string& path)>& answer) {
  for (;;) {
    std::vector<pollfd> waits;
    for (const Connection& each : connections_)
      waits.push_back({.fd = each.socket,
                       .events = static_cast<short>(each.out.empty() || each.is_answered ? POLLIN : POLLOUT),
                       .revents = 0});
    if (connections_.size() < kMostConnections) waits.push_back({.fd = socket_, .events = POLLIN, .revents = 0});
    waits.push_back(signals_->to_poll());
    if (poll(waits.data(), waits.size(), connections_.empty() ? -1 : 1000) < 0) continue;
    if (waits.back().revents != 0) return;
    waits.pop_back();
    const uint64_t now = now_ns();
    const size_t before = connections_.size();
    for (size_t i = before; i-- > 0;) {
      Connection& connection = connections_[i];
      const bool goes_on =
          now < connection.deadline_ns && (waits[i].revents == 0 || advance(connection, waits[i].revents, answer));
      if (goes_on) continue;
      ::close(connection.socket);
      connections_.erase(connections_.begin() + static_cast<ptrdiff_t>(i));
    }
    if (waits.size() > before && waits[before].revents != 0) accept_one();
  }
}

}  // namespace nacre::cli
