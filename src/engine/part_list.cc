#include "engine/part_list.h"

namespace nacre::engine {

namespace {

// Shared with helpers that may start after the caller has gone: they then find no part left and touch nothing else.
class PartList {
 public:
  PartList(std::vector<compaction::MergePart> parts, const MergeOnePart* merge)
      : parts_(std::move(parts)), merge_(merge), results_(parts_.size()) {}

  // Works until no part is left.
  void work() {
    mutex_.lock();
    while (next_ < parts_.size() && !error_) {
      const size_t mine = next_++;
      working_++;
      mutex_.unlock();
      Result<compaction::MergeResult> result = (*merge_)(parts_[mine]);
      mutex_.lock();
      working_--;
      if (result) {
        results_[mine] = *std::move(result);
      } else if (!error_) {
        error_ = result.error();
      }
    }
    changed_.notify_all();
    mutex_.unlock();
  }

  Result<void> wait(std::vector<compaction::MergeResult>* results) {
    sync::MutexLock lock(mutex_);
    while (working_ != 0) changed_.wait(mutex_);
    next_ = parts_.size();
    *results = std::move(results_);
    if (error_) return *error_;
    return {};
  }

 private:
  const std::vector<compaction::MergePart> parts_;
  const MergeOnePart* const merge_;
  sync::Mutex mutex_;
  sync::CondVar changed_;
  size_t next_ NACRE_GUARDED_BY(mutex_) = 0;
  size_t working_ NACRE_GUARDED_BY(mutex_) = 0;
  std::optional<Error> error_ NACRE_GUARDED_BY(mutex_);
  std::vector<compaction::MergeResult> results_ NACRE_GUARDED_BY(mutex_);
};

}  // namespace

Result<void> merge_in_parts(Executor& executor, std::vector<compaction::MergePart> parts, const MergeOnePart& merge,
                            std::vector<compaction::MergeResult>* results) {
  const size_t helpers = std::min<size_t>(parts.size(), executor.threads()) - 1;
  const auto list = std::make_shared<PartList>(std::move(parts), &merge);
  for (size_t i = 0; i < helpers; i++) executor.submit(Urgency::kNormal, [list] { list->work(); });
  list->work();
  return list->wait(results);
}

}  // namespace nacre::engine
