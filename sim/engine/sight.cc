#include "sim/engine/sight.h"

#include <algorithm>

namespace nacre::sim {

namespace {

std::string shown(const std::optional<Bytes>& value) {
  if (!value) return "nothing";
  std::string text = "a value of " + std::to_string(value->size()) + " bytes";
  if (value->size() <= 24 && std::all_of(value->begin(), value->end(), [](char c) { return c >= ' ' && c <= '~'; }))
    text += " '" + std::string(*value) + "'";
  return text;
}

std::string story(const Track& track) {
  std::string text = "it was changed by";
  for (const Version& version : track.versions)
    text += std::string(" ") + std::to_string(version.by.stream) + "#" + std::to_string(version.by.number) +
            (version.content.present ? " (put)" : " (erase)");
  return text;
}

bool shows(const Content* content, const std::optional<Bytes>& value) {
  if (!value) return content == nullptr || !content->present;
  return content != nullptr && content->shows(*value);
}

}  // namespace

Sight::Sight(History& history) : Sight(history, history.settled_so_far()) {
  for (Window& window : windows_) window.may.clear();
  ended_ = kNever;
}

Sight::Sight(History& history, const Cut& floor) : history_(&history), began_(history.now()) {
  for (uint32_t s = 0; s < kStreams; s++) windows_[s].first = floor[s];
  taken();
  ended_ = kNever;
}

Sight Sight::exactly(History& history, const Cut& cut) {
  Sight sight(history, cut);
  for (Window& window : sight.windows_) window.may.assign(1, true);
  return sight;
}

void Sight::taken() {
  for (uint32_t s = 0; s < kStreams; s++)
    windows_[s].may.assign(history_->begun(s) - std::min(windows_[s].first, history_->begun(s)) + 1, true);
  ended_ = history_->now();
}

bool Sight::any(const Window& window) {
  return std::find(window.may.begin(), window.may.end(), true) != window.may.end();
}

Number Sight::least(uint32_t stream) const {
  const Window& window = windows_[stream];
  return window.first + static_cast<Number>(std::find(window.may.begin(), window.may.end(), true) - window.may.begin());
}

Number Sight::most(uint32_t stream) const {
  const Window& window = windows_[stream];
  return window.first +
         static_cast<Number>(window.may.rend() - std::find(window.may.rbegin(), window.may.rend(), true)) - 1;
}

bool Sight::may_be(uint32_t stream, Number number) const {
  const Window& window = windows_[stream];
  return number >= window.first && number - window.first < window.may.size() && window.may[number - window.first];
}

bool Sight::rule_out_below(uint32_t stream, Number number) {
  Window& window = windows_[stream];
  for (size_t i = 0; i < window.may.size() && window.first + i < number; i++) window.may[i] = false;
  return any(window);
}

bool Sight::rule_out_from(uint32_t stream, Number number) {
  Window& window = windows_[stream];
  for (size_t i = number - std::min(number, window.first); i < window.may.size(); i++) window.may[i] = false;
  return any(window);
}

std::string Sight::to_string() const {
  std::string text;
  for (uint32_t s = 0; s < kStreams; s++) {
    if (!any(windows_[s])) return "none";
    text += (text.empty() ? "" : " ") + std::to_string(least(s));
    if (most(s) != least(s)) text += ".." + std::to_string(most(s));
  }
  return "(" + text + ")";
}

// ---- what is seen ----------------------------------------------------------------------------------------------------

std::string Sight::sees(const Place& place, const std::optional<Bytes>& value) {
  const Track* track = history_->find(place);
  if (track == nullptr || track->versions.empty())
    return value ? nacre::sim::to_string(place) + " was never written, and shows " + shown(value) : "";
  return track->shared ? sees_shared(*track, value) : sees_own(*track, value);
}

std::string Sight::sees_own(const Track& track, const std::optional<Bytes>& value) {
  const uint32_t stream = track.versions.front().by.stream;
  const std::string before = to_string();
  Window& window = windows_[stream];
  const Content* last = nullptr;
  bool last_shows = shows(nullptr, value);
  for (size_t i = 0; i < window.may.size(); i++) {
    if (!window.may[i]) continue;
    const Content* content = History::at(track, window.first + static_cast<Number>(i));
    if (content != last) {
      last = content;
      last_shows = shows(content, value);
    }
    if (!last_shows) window.may[i] = false;
  }
  if (any(window)) return "";
  std::string text = nacre::sim::to_string(track.place) + " shows " + shown(value) + ", which it does not at " + before;
  for (const Version& version : track.versions) {
    if (shows(&version.content, value)) text += "; it is that of " + nacre::sim::to_string(version.by);
  }
  return text;
}

std::string Sight::sees_shared(const Track& track, const std::optional<Bytes>& value) {
  if (!value) return sees_nothing(track);
  for (const Version& version : track.versions) {
    if (version.content.shows(*value)) return sees_winner(track, version);
  }
  return nacre::sim::to_string(track.place) + " shows " + shown(value) + ", which nobody put there";
}

std::string Sight::sees_winner(const Track& track, const Version& winner) {
  const auto wrong = [&](const std::string& why) {
    return nacre::sim::to_string(track.place) + " shows the value of " + nacre::sim::to_string(winner.by) + ", " + why;
  };
  const std::string before = to_string();
  if (!rule_out_below(winner.by.stream, winner.by.number)) return wrong("which is not in " + before);
  for (const Version& other : track.versions) {
    if (other.by == winner.by) continue;
    if (most(other.by.stream) < other.by.number) continue;
    if (history_->surely_before(winner.by, other.by) && !rule_out_from(other.by.stream, other.by.number))
      return wrong("though " + nacre::sim::to_string(other.by) + " came later and is in " + before);
    if (least(other.by.stream) >= other.by.number) history_->note_order(other.by, winner.by);
  }
  return track.counted ? sees_count(track, winner) : "";
}

// Whoever counts up reads first, so the number is that of the commits that did: if it is less, an update was lost.
std::string Sight::sees_count(const Track& track, const Version& winner) const {
  uint64_t fewest = 0;
  uint64_t most_of_all = 0;
  for (const Version& version : track.versions) {
    fewest += least(version.by.stream) >= version.by.number ? 1 : 0;
    most_of_all += most(version.by.stream) >= version.by.number ? 1 : 0;
  }
  const uint64_t count = std::stoull(winner.content.text);
  if (fewest <= count && count <= most_of_all) return "";
  return nacre::sim::to_string(track.place) + " counts " + std::to_string(count) + " commits where there are " +
         std::to_string(fewest) + " to " + std::to_string(most_of_all) + " in " + to_string();
}

// A put that nobody can have erased is not in it.
std::string Sight::sees_nothing(const Track& track) {
  const std::string before = to_string();
  for (const Version& put : track.versions) {
    if (!put.content.present) continue;
    const bool erased = std::any_of(track.versions.begin(), track.versions.end(), [&](const Version& other) {
      return !other.content.present && most(other.by.stream) >= other.by.number &&
             !history_->surely_before(other.by, put.by);
    });
    if (!erased && !rule_out_from(put.by.stream, put.by.number)) {
      return nacre::sim::to_string(track.place) + " shows nothing, though " + nacre::sim::to_string(put.by) +
             " put something there and nobody erased it in " + before + "; " + story(track);
    }
  }
  return "";
}

std::string Sight::sees_range(uint32_t space, const std::string& from, const std::optional<std::string>& to,
                              const Entries& entries) {
  auto entry = entries.begin();
  const auto& tracks = history_->tracks();
  for (auto at = tracks.lower_bound({space, from}); at != tracks.end() && at->first.space == space; ++at) {
    const std::string& key = at->first.key;
    if (to && key >= *to) break;
    if (entry != entries.end() && entry->first < key) break;  // a key that nobody wrote
    std::optional<Bytes> value;
    if (entry != entries.end() && entry->first == key) value = (entry++)->second;
    if (std::string wrong = sees(at->first, value); !wrong.empty()) return wrong;
  }
  if (entry != entries.end())
    return nacre::sim::to_string(Place{space, entry->first}) + " was never written, or is out of order";
  return "";
}

}  // namespace nacre::sim
