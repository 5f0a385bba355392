// HttpServer: answers GET and HEAD of a few short texts, for a browser and a scraper on this machine.
//
// One thread, which waits for all connections at once, so that one who is slow or silent keeps nobody waiting. A connection
// gets one answer and is closed. Limits: 64 connections, 8 KiB of request, 10 seconds.
//
// Not here: TLS, compression, bodies of requests, and whatever else a server in a hostile network needs; a proxy has them. Debian's
// cpp-httplib would bring OpenSSL, zlib and brotli into the tool for three pages.
//
// Thread safety: none; one at a time. SIGINT and SIGTERM end serve(), also those that came before it, from listen() on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nacre/error.h"

namespace nacre::cli {

struct HttpAnswer {
  int status = 200;
  std::string type;  // as in Content-Type
  std::string body;
};

class EndSignals;

class HttpServer {
 public:
  // "127.0.0.1:9464", "[::1]:9464", "localhost:0"; port 0 is any that is free. Null, and why in words, if that cannot be.
  static std::unique_ptr<HttpServer> listen(const std::string& where, std::string* why);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  const std::string& address() const { return address_; }  // with the port that it is

  // Answers requests for paths, without their queries, until a signal asks for the end.
  void serve(const std::function<HttpAnswer(const std::string& path)>& answer);

 private:
  struct Connection {
    int socket = -1;
    uint64_t deadline_ns = 0;
    std::string in;
    std::string out;
    size_t sent = 0;
    bool is_answered = false;  // waits for the other to close: a close over unread bytes would take the answer with it
  };

  HttpServer(int socket, std::string address);
  void accept_one();
  bool advance(Connection& connection, short events, const std::function<HttpAnswer(const std::string& path)>& answer);

  const int socket_;
  const std::string address_;
  const std::unique_ptr<EndSignals> signals_;
  std::vector<Connection> connections_;
};

}  // namespace nacre::cli
