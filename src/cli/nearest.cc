#include "cli/nearest.h"

#include <algorithm>
#include <vector>

namespace nacre::cli {

namespace {

constexpr size_t kLeastBeginning = 3;
constexpr size_t kLongestWord = 64;  // a word of more letters is no slip of the finger

size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> rows(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); i++) rows[i][0] = i;
  for (size_t k = 0; k <= b.size(); k++) rows[0][k] = k;
  for (size_t i = 1; i <= a.size(); i++) {
    for (size_t k = 1; k <= b.size(); k++) {
      rows[i][k] = std::min({rows[i - 1][k] + 1, rows[i][k - 1] + 1, rows[i - 1][k - 1] + (a[i - 1] != b[k - 1])});
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
        rows[i][k] = std::min(rows[i][k], rows[i - 2][k - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> known) {
  if (word.size() > kLongestWord) return {};
  std::string best;
  size_t least = SIZE_MAX;
  for (const std::string& candidate : known) {
    // "delete" for "del" and "key" for "keyspaces" are near, too.
    const bool begins = (candidate.size() >= kLeastBeginning && word.starts_with(candidate)) ||
                        (word.size() >= kLeastBeginning && candidate.starts_with(word));
    const size_t changes = begins ? 1 : distance(word, candidate);
    if (changes < least && 3 * changes <= std::max(word.size(), candidate.size()) + 1) {
      least = changes;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  const std::string candidate = nearest(word, known);
  return candidate.empty() ? std::string() : ", did you mean \"" + candidate + "\"?";
}

}  // namespace nacre::cli
