// What a few repeats of a measurement say.
#pragma once

#include <algorithm>
#include <vector>

namespace bench {

struct Repeats {
  double median = 0;
  double min = 0;
  double max = 0;
  // (max - min) / median: how far repeats lie apart; 0 if the median is.
  double relative() const { return median == 0 ? 0 : (max - min) / median; }
};

// Of at least one value; the median of an even number is the mean of the two in the middle.
inline Repeats repeats_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {.median = median, .min = values.front(), .max = values.back()};
}

}  // namespace bench
