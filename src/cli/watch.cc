#include "cli/watch.h"

#include <utility>

#include "cli/human.h"

namespace nacre::cli {

namespace {

constexpr double kStillAfterSeconds = 3;

}  // namespace

void Watch::look(PublishedStats next, uint64_t wall_ns) {
  const bool same_owner = next.process_id == now_.process_id && next.opened_wall_ns == now_.opened_wall_ns;
  if (!same_owner) {
    before_.reset();
  } else if (next.uptime_ns > now_.uptime_ns) {
    before_ = std::move(now_);
  }
  now_ = std::move(next);
  age_seconds_ = wall_ns > now_.published_wall_ns ? seconds(wall_ns - now_.published_wall_ns) : 0;
  is_still_ = age_seconds_ > kStillAfterSeconds || !now_.is_open;
}

std::string Watch::state() const {
  if (!anything()) {
    return now_.is_open ? "open; nothing is published yet"
                        : "nobody has it open, and nothing was published: that takes a second of being open";
  }
  const std::string process = "process " + std::to_string(now_.process_id);
  if (now_.is_open && !now_.was_closed) {
    std::string words = "open by " + process + " for " + human_age(seconds(now_.uptime_ns) + age_seconds_);
    if (is_still_) words += ", unchanged for " + human_age(age_seconds_);
    return words;
  }
  if (now_.is_open) return "open; the figures are of " + process + ", which has closed it";
  if (now_.was_closed) return "closed by " + process + " " + human_age(age_seconds_) + " ago";
  return process + " is gone without closing it; last heard of " + wall_time(now_.published_wall_ns) + ", " +
         human_age(age_seconds_) + " ago";
}

std::string to_json(const PublishedStats& published, uint64_t wall_ns) {
  const auto flag = [](bool value) { return value ? "true" : "false"; };
  std::string json = "{\"is_open\":";
  json.append(flag(published.is_open)).append(",\"was_closed\":").append(flag(published.was_closed));
  for (const auto& [name, value] :
       {std::pair("process_id", published.process_id), std::pair("opened_wall_ns", published.opened_wall_ns),
        std::pair("published_wall_ns", published.published_wall_ns), std::pair("uptime_ns", published.uptime_ns),
        std::pair("keyspaces_left_out", published.keyspaces_left_out), std::pair("looked_at_wall_ns", wall_ns)}) {
    json.append(",\"").append(name).append("\":").append(std::to_string(value));
  }
  return json + ",\"stats\":" + nacre::to_json(published.stats) + "}";
}

}  // namespace nacre::cli
