// serve-metrics: what a database publishes, over HTTP.

#include <cstdio>

#include "cli/command.h"
#include "cli/http_server.h"
#include "cli/json.h"
#include "cli/live_page.h"
#include "cli/watch.h"

namespace nacre::cli {

namespace {

constexpr const char* kJsonType = "application/json";
constexpr const char* kTextType = "text/plain; charset=utf-8";
constexpr const char* kPrometheusType = "text/plain; version=0.0.4; charset=utf-8";

// The figures of a database that nobody has open are of the past: a scraper gets none.
std::string metrics_of(const Result<PublishedStats>& published) {
  const bool is_up = published && published->is_open && !published->was_closed && published->process_id != 0;
  std::string text =
      "# HELP nacre_up 1 if a process has the database open and publishes its statistics.\n# TYPE nacre_up "
      "gauge\nnacre_up ";
  text += is_up ? "1\n" : "0\n";
  if (!is_up) return text;
  const auto gauge = [&text](const char* name, const char* help, double value) {
    char line[512];
    std::snprintf(line, sizeof line, "# HELP %s %s\n# TYPE %s gauge\n%s %.3f\n", name, help, name, name, value);
    text += line;
  };
  gauge("nacre_uptime_seconds", "From the open to the publication.", static_cast<double>(published->uptime_ns) / 1e9);
  gauge("nacre_published_timestamp_seconds", "When these figures were published.",
        static_cast<double>(published->published_wall_ns) / 1e9);
  gauge("nacre_keyspaces_left_out", "Keyspaces with few operations that are not among these figures.",
        static_cast<double>(published->keyspaces_left_out));
  return text + to_prometheus(published->stats).value();
}

HttpAnswer answer(const std::string& database, const std::string& path) {
  if (path == "/") return {.type = "text/html; charset=utf-8", .body = live_page()};
  if (path != "/metrics" && path != "/stats.json")
    return {.status = 404, .type = kTextType, .body = "There is /, /metrics and /stats.json.\n"};
  const auto published = read_published_stats(database);
  if (path == "/metrics") return {.type = kPrometheusType, .body = metrics_of(published)};
  if (!published) {
    nlohmann::ordered_json words{{"error", database + ": " + published.error().to_string()}};
    return {
        .status = 503, .type = kJsonType, .body = words.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
  }
  return {.type = kJsonType, .body = to_json(*published, Runtime::standard().clock->wall_ns())};
}

}  // namespace

int run_serve_metrics(const CommonOptions& common, const std::string& listen) {
  if (const auto published = read_published_stats(common.database); !published)
    return fail(common.database, published.error());
  std::string why;
  const auto server = HttpServer::listen(listen, &why);
  if (!server) {
    std::fprintf(stderr, "nacre: --listen %s: %s\n", listen.c_str(), why.c_str());
    return kUsage;
  }
  std::fprintf(stderr, "nacre: serving http://%s/ (a live page), /metrics (Prometheus), /stats.json\n",
               server->address().c_str());
  server->serve([&common](const std::string& path) { return answer(common.database, path); });
  return kSuccess;
}

}  // namespace nacre::cli
