#include <cstdio>
#include <cstdlib>

#include "engine.h"
#include "nacre/nacre.h"

namespace bench {

namespace {

class NacreReader : public Reader {
 public:
  explicit NacreReader(nacre::Cursor cursor) : cursor_(std::move(cursor)) {}
  uint64_t seek_and_next(std::string_view key, uint64_t next) override {
    uint64_t seen = 0;
    cursor_.seek(key);
    for (; cursor_.valid() && seen <= next; cursor_.next()) {
      bytes_ += cursor_.key().size() + cursor_.value().size();
      seen++;
      if (seen > next) break;
    }
    return seen;
  }
  uint64_t walk_all() override {
    uint64_t seen = 0;
    for (cursor_.seek_first(); cursor_.valid(); cursor_.next()) {
      bytes_ += cursor_.key().size() + cursor_.value().size();
      seen++;
    }
    return seen;
  }

 private:
  nacre::Cursor cursor_;
  uint64_t bytes_ = 0;
};

class NacreEngine : public Engine {
 public:
  explicit NacreEngine(nacre::Db db) : db_(std::move(db)) {}
  void put(std::string_view key, std::string_view value) override { db_.put(key, value).value(); }
  void put_synced(std::string_view key, std::string_view value) override {
    db_.put(key, value, nacre::Durability::kDisk).value();
  }
  bool get(std::string_view key, std::string* value) override {
    const auto found = db_.get(key).value();
    if (!found) return false;
    value->assign(found->bytes());
    return true;
  }
  std::unique_ptr<Reader> reader() override { return std::make_unique<NacreReader>(db_.cursor()); }
  void settle() override { db_.settle().value(); }
  std::string describe() override { return "nacre 0.1, defaults but memory_bytes"; }

 private:
  nacre::Db db_;
};

}  // namespace

std::unique_ptr<Engine> open_nacre(const std::string& directory, uint64_t memory_bytes) {
  nacre::Options options;
  options.memory_bytes = memory_bytes;
  return std::make_unique<NacreEngine>(nacre::Db::open(directory, options).value());
}

}  // namespace bench
