#include "format/filter.h"

#include "base/result.h"

namespace nacre::format {

Result<FilterView> FilterView::parse(Bytes image) {
  if (image.size() < kFilterHeaderBytes) return malformed("filter is shorter than its header");
  for (size_t at = 8; at < kFilterHeaderBytes; at++) {
    if (image[at] != 0) return malformed("filter has bits that mean nothing");
  }
  const FilterView view(image);
  if (view.probes_ == 0 || view.probes_ > kMaxProbes) return malformed("filter has no possible number of probes");
  if (view.lines_ == 0 || image.size() - kFilterHeaderBytes != kFilterLineBytes * uint64_t{view.lines_}) {
    return malformed("filter is not of the size that its lines make");
  }
  return view;
}

}  // namespace nacre::format
