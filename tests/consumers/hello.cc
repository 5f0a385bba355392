// A program of somebody who uses Nacre: of the installed library, or of its sources within a larger build.
#include <iostream>
#include <memory>

#include "nacre/nacre.h"

class Count : public nacre::EventSink {
 public:
  void on_event(const nacre::Event&) override { events++; }
  int events = 0;
};

int main(int, char** arguments) {
  auto count = std::make_shared<Count>();
  nacre::Runtime runtime = nacre::Runtime::standard();
  runtime.events = count;
  {
    nacre::Db db = nacre::Db::open(arguments[1], {}, runtime).value();
    nacre::Batch batch;
    batch.put("user:1", "Alice");
    batch.put("user:2", "Bob");
    db.write(batch, nacre::Durability::kDisk).value();
    for (auto [key, value] : db.scan({.prefix = "user:"})) std::cout << key << " = " << value << "\n";
  }
  const bool refused = nacre::Db::open(arguments[1], {.mode = nacre::OpenMode::kCreateNew}).error().kind ==
                       nacre::ErrorKind::kInvalidArgument;
  return count->events > 0 && refused ? 0 : 1;
}
