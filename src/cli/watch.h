// Watch: what a database publishes, look by look, and what happened in between.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nacre/metrics.h"

namespace nacre::cli {

class Watch {
 public:
  // `wall_ns`: now.
  void look(PublishedStats next, uint64_t wall_ns);

  const PublishedStats& now() const { return now_; }
  bool anything() const { return now_.process_id != 0; }
  // False: rates are averages since the database was opened.
  bool has_interval() const { return before_.has_value(); }

  // How much `of(stats)`, a counter, grew a second.
  double rate(auto of) const {
    const double grown = static_cast<double>(of(now_.stats));
    if (!before_) return now_.uptime_ns == 0 ? 0 : grown / seconds(now_.uptime_ns);
    if (is_still_ || now_.uptime_ns <= before_->uptime_ns) return 0;
    const double growth = grown - static_cast<double>(of(before_->stats));
    return growth <= 0 ? 0 : growth / seconds(now_.uptime_ns - before_->uptime_ns);
  }
  // The mean of a latency in the interval, in seconds; 0 if there was none.
  double mean(auto of) const {
    const double count = rate([&](const Stats& stats) { return of(stats).count; });
    const double sum_ns = rate([&](const Stats& stats) { return of(stats).sum_ns; });
    return count == 0 ? 0 : sum_ns / count / 1e9;
  }

  // Who has the database open, since when, or since when nobody has.
  std::string state() const;
  double age_seconds() const { return age_seconds_; }

 private:
  static double seconds(uint64_t ns) { return static_cast<double>(ns) / 1e9; }

  PublishedStats now_;
  std::optional<PublishedStats> before_;
  bool is_still_ = false;  // nothing was published for a while: nothing changes
  double age_seconds_ = 0;
};

// A publication as one JSON object on one line, the statistics under "stats". `wall_ns`: now, for who has another clock.
std::string to_json(const PublishedStats& published, uint64_t wall_ns);

}  // namespace nacre::cli
