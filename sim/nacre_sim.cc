// nacre-sim: campaigns over the whole engine, and replays of their seeds (campaign/campaign.h).
#include "sim/campaign/campaign.h"
#include "sim/engine/workload.h"
#include "sim/history_workload.h"
#include "sim/tree_workload.h"

int main(int argc, char** argv) {
  const auto engine = nacre::sim::engine_workload();
  const auto history = nacre::sim::history_workload();
  const auto tree = nacre::sim::tree_workload();
  return nacre::sim::campaign_main(argc, argv, {engine.get(), history.get(), tree.get()});
}
