#include "sim/engine/history.h"

#include <algorithm>
#include <cstdio>

#include "base/assert.h"

namespace nacre::sim {

std::string to_string(const Place& place) {
  std::string text = place.space == kNamesSpace ? "the keyspace \"" : "\"";
  const size_t shown = std::min<size_t>(place.key.size(), 300);
  for (const char c : place.key.substr(0, shown)) {
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, c >= ' ' && c <= '~' ? "%c" : "\\x%02x", static_cast<unsigned char>(c));
    text += escaped;
  }
  text += shown < place.key.size() ? "...\"" : "\"";
  if (place.space != kNamesSpace) text += " of space " + std::to_string(place.space);
  return text;
}

std::string to_string(const CommitId& id) {
  return "commit " + std::to_string(id.stream) + "#" + std::to_string(id.number);
}

Track& History::track(const Place& place) {
  Track& track = tracks_[place];
  track.place = place;
  return track;
}

void History::share(const Place& place, bool counted) {
  Track& shared = track(place);
  shared.shared = true;
  shared.counted = counted;
}

const Track* History::find(const Place& place) const {
  const auto found = tracks_.find(place);
  return found == tracks_.end() ? nullptr : &found->second;
}

const Content* History::at(const Track& track, Number number) {
  const auto after = std::upper_bound(track.versions.begin(), track.versions.end(), number,
                                      [](Number n, const Version& version) { return n < version.by.number; });
  return after == track.versions.begin() ? nullptr : &std::prev(after)->content;
}

// ---- commits ---------------------------------------------------------------------------------------------------------

void History::begin(uint32_t stream, Durability durability) {
  NACRE_CHECK(settled_[stream] == begun(stream));  // the one before has ended
  commits_[stream].push_back({.durability = durability, .began = now(), .touched = {}});
}

void History::change(uint32_t stream, Track& track, const Content& content) {
  const CommitId by{stream, begun(stream)};
  if (!track.versions.empty() && track.versions.back().by == by) {
    track.versions.back().content = content;  // the last change of a commit wins
    return;
  }
  NACRE_CHECK(track.shared || track.versions.empty() || track.versions.back().by.stream == stream);
  track.versions.push_back({by, content});
  commits_[stream].back().touched.push_back(&track);
}

void History::put(uint32_t stream, const Place& place, const Content& content) {
  change(stream, track(place), content);
}

void History::erase(uint32_t stream, const Place& place) { change(stream, track(place), {}); }

void History::erase_range(uint32_t stream, uint32_t space, const std::string& from, const std::string& to) {
  for (auto at = tracks_.lower_bound({space, from}); at != tracks_.end() && at->first < Place{space, to}; ++at) {
    Track& track = at->second;
    if (track.shared || (!track.versions.empty() && track.versions.back().content.present)) change(stream, track, {});
  }
}

void History::acknowledged(uint32_t stream) {
  Commit& commit = commits_[stream].back();
  commit.ended = now();
  settled_[stream] = begun(stream);
  if (commit.durability != Durability::kMemory) floors_.kill[stream] = begun(stream);
  if (commit.durability == Durability::kDisk) floors_.power[stream] = begun(stream);
}

void History::refused(uint32_t stream) {
  Commit& commit = commits_[stream].back();
  commit.refused = true;
  const CommitId id{stream, begun(stream)};
  for (Track* track : commit.touched) std::erase_if(track->versions, [&](const Version& v) { return v.by == id; });
  commit.touched.clear();
  settled_[stream] = begun(stream);
}

bool History::before_in_time(const CommitId& a, const CommitId& b) const {
  if (a.stream == b.stream) return a.number < b.number;
  return commit(a).ended < commit(b).began;
}

bool History::surely_before(const CommitId& a, const CommitId& b) const {
  if (a == b) return false;
  if (before_in_time(a, b)) return true;
  std::set<CommitId> reached;  // commits at or after a, each the later one of a pair
  std::vector<CommitId> to_visit{a};
  while (!to_visit.empty()) {
    const CommitId at = to_visit.back();
    to_visit.pop_back();
    for (const auto& [earlier, later] : order_) {
      if (earlier != at && !before_in_time(at, earlier)) continue;
      if (later == b || before_in_time(later, b)) return true;
      if (reached.insert(later).second) to_visit.push_back(later);
    }
  }
  return false;
}

void History::made_durable(const Cut& cut, bool in_tables) {
  for (uint32_t s = 0; s < kStreams; s++) {
    floors_.kill[s] = std::max(floors_.kill[s], cut[s]);
    floors_.power[s] = std::max(floors_.power[s], cut[s]);
    if (in_tables) floors_.tables[s] = std::max(floors_.tables[s], cut[s]);
  }
}

void History::decide(const Cut& cut) {
  for (auto& [place, track] : tracks_)
    std::erase_if(track.versions, [&](const Version& v) { return v.by.number > cut[v.by.stream]; });
  std::erase_if(order_, [&](const auto& pair) {
    return pair.first.number > cut[pair.first.stream] || pair.second.number > cut[pair.second.stream];
  });
  for (uint32_t s = 0; s < kStreams; s++) {
    commits_[s].resize(cut[s]);
    for (Commit& commit : commits_[s]) commit.ended = std::min(commit.ended, clock_);
  }
  settled_ = cut;
  floors_ = {.kill = cut, .power = cut, .tables = cut};
  now();
}

void History::note_order(const CommitId& loser, const CommitId& winner) {
  if (!before_in_time(loser, winner)) order_.emplace(loser, winner);
}

}  // namespace nacre::sim
