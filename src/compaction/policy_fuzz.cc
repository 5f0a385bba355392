// The policy as a game: a tree drawn from the input is changed as the policy plans, with new flushes and with jobs that run side by side,
// and after every plan each key must still show the newest of its versions; every plan is legal (legality.h), none loses a table; and
// without new flushes the game ends.

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/fuzzing.h"
#include "compaction/legality.h"
#include "compaction/policy.h"

namespace nacre::compaction {
namespace {

// A table in the game has versions of single letters: 'a' + the index, each with its age (higher is newer, 0: nothing).
constexpr size_t kKeys = 26;
using Ages = std::array<uint32_t, kKeys>;

struct GameTable {
  std::string smallest;
  std::string largest;
  uint64_t bytes = 1;
  uint64_t erases = 0;
  Ages ages{};
  uint64_t busy = 0;  // the job that has it, 0: none
};

struct Job {
  Plan plan;
  std::vector<std::string> cuts;
};

class Game {
 public:
  Game(const PolicyOptions& options, bool snapshots) : options_(options), snapshots_(snapshots) {}

  void flush(fuzz::Input& input) {
    GameTable table;
    const size_t from = input.below(kKeys);
    const size_t count = 1 + input.below(kKeys - from);
    const uint32_t pattern = static_cast<uint32_t>(input.number()) | 1;
    for (size_t i = 0; i < count; i++) {
      if ((pattern >> i & 1) != 0 || i + 1 == count) newest_[from + i] = table.ages[from + i] = ++clock_;
    }
    table.bytes = 1 + input.below(300);
    table.erases = input.below(8) == 0 ? input.below(100) : 0;
    // As a flush does: cut at the borders of partitions, and where it grows too large.
    const std::vector<std::string> cuts = partition_keys(shape().shape, options_);
    const uint32_t sizes = static_cast<uint32_t>(input.number());
    std::vector<uint64_t>& run = runs_[{0, ++last_run_}];
    GameTable piece{.bytes = table.bytes};
    const auto finish = [&] {
      if (piece.ages == Ages{}) return;
      set_bounds(piece);
      run.push_back(next_table_);
      tables_[next_table_++] = piece;
      piece = {.bytes = table.bytes};
    };
    for (size_t i = 0; i < kKeys; i++) {
      const std::string key(1, static_cast<char>('a' + i));
      if ((sizes >> i & 7) == 7 || std::find(cuts.begin(), cuts.end(), key) != cuts.end()) finish();
      piece.ages[i] = table.ages[i];
      piece.erases = table.erases;
    }
    finish();
  }

  // Starts what the policy wants, if anything.
  bool plan(bool idle, bool full, uint64_t paid_bytes = 0) {
    const Drawn drawn = shape();
    const auto wanted = full ? pick_full(drawn.shape, options_) : pick(drawn.shape, options_, idle, paid_bytes);
    static_cast<void>(debt_bytes(drawn.shape, options_));
    NACRE_CHECK(deepest_runs(drawn.shape, options_) <= runs_.size());
    if (!wanted) return false;
    NACRE_CHECK(!wanted->paid || wanted->input_bytes <= paid_bytes);
    expect_legal(*wanted);
    const uint64_t job = ++last_job_;
    for (const uint64_t number : wanted->inputs) tables_.at(number).busy = job;
    jobs_[job] = {*wanted, partition_keys(drawn.shape, options_)};
    NACRE_CHECK(std::is_sorted(jobs_[job].cuts.begin(), jobs_[job].cuts.end()));
    return true;
  }

  bool finish_one(uint64_t which) {
    if (jobs_.empty()) return false;
    const auto at = std::next(jobs_.begin(), static_cast<ptrdiff_t>(which % jobs_.size()));
    const Job job = at->second;
    jobs_.erase(at);
    apply(job);
    expect_newest();
    return true;
  }

  void change_shape(CompactionShape shape) { options_.shape = shape; }

  // When nothing is left to do, each key has one bottom run, if the shape says so: whatever shape it was before.
  void expect_one_bottom_run() const {
    if (options_.shape == CompactionShape::kTiered) return;
    std::array<uint32_t, kKeys> bottom_runs{};
    for (const auto& [place, numbers] : runs_) {
      if (place.level != kBottomLevel) continue;
      for (size_t i = 0; i < kKeys; i++) {
        bottom_runs[i] +=
            std::any_of(numbers.begin(), numbers.end(), [&](uint64_t n) { return tables_.at(n).ages[i] != 0; });
      }
    }
    NACRE_CHECK(*std::max_element(bottom_runs.begin(), bottom_runs.end()) <= 1);
  }

  size_t tables() const { return tables_.size(); }

 private:
  struct Place {
    uint32_t level;
    uint64_t run;
    friend bool operator<(const Place& a, const Place& b) {
      return a.level != b.level ? a.level < b.level : a.run > b.run;
    }
  };
  struct Drawn {
    Shape shape;
  };

  static void set_bounds(GameTable& table) {
    table.smallest.clear();
    for (size_t i = 0; i < kKeys; i++) {
      if (table.ages[i] == 0) continue;
      const std::string key(1, static_cast<char>('a' + i));
      if (table.smallest.empty()) table.smallest = key;
      table.largest = key;
    }
  }

  Drawn shape() const {
    Drawn drawn;
    drawn.shape.snapshots_held = snapshots_;
    for (const auto& [place, numbers] : runs_) {
      ShapeRun& run = drawn.shape.runs.emplace_back(ShapeRun{.level = place.level, .id = place.run, .tables = {}});
      for (const uint64_t number : sorted(numbers)) {
        const GameTable& t = tables_.at(number);
        run.tables.push_back({.number = number,
                              .smallest = t.smallest,
                              .largest = t.largest,
                              .bytes = t.bytes,
                              .entries = kKeys,
                              .erases = t.erases,
                              .busy = t.busy != 0});
      }
    }
    for (const auto& [id, job] : jobs_)
      drawn.shape.reserved.push_back({.smallest = job.plan.smallest, .largest = job.plan.largest});
    return drawn;
  }

  std::vector<uint64_t> sorted(std::vector<uint64_t> numbers) const {
    std::sort(numbers.begin(), numbers.end(),
              [this](uint64_t a, uint64_t b) { return tables_.at(a).smallest < tables_.at(b).smallest; });
    return numbers;
  }

  void expect_legal(const Plan& plan) const {
    NACRE_CHECK(!plan.inputs.empty() && plan.output_level <= kBottomLevel && plan.smallest <= plan.largest);
    NACRE_CHECK(std::set<uint64_t>(plan.inputs.begin(), plan.inputs.end()).size() == plan.inputs.size());
    uint64_t bytes = 0;
    for (const uint64_t number : plan.inputs) {
      const auto at = tables_.find(number);
      NACRE_CHECK(at != tables_.end() && at->second.busy == 0);
      NACRE_CHECK(plan.smallest <= at->second.smallest && at->second.largest <= plan.largest);
      bytes += at->second.bytes;
    }
    NACRE_CHECK(bytes == plan.input_bytes && plan.urgency > 0 && !plan.to_string().empty());
    std::vector<PlacedTable> placed;
    const Drawn drawn = shape();
    for (const ShapeRun& run : drawn.shape.runs) {
      for (const ShapeTable& table : run.tables) {
        placed.push_back({.level = run.level,
                          .run = run.id,
                          .number = table.number,
                          .smallest = table.smallest,
                          .largest = table.largest,
                          .busy = table.busy});
      }
    }
    NACRE_CHECK(illegality(placed, drawn.shape.reserved, plan) == nullptr);
  }

  void apply(const Job& job) {
    const Plan& plan = job.plan;
    std::vector<GameTable> gone;
    for (const uint64_t number : plan.inputs) {
      for (auto& [place, numbers] : runs_) std::erase(numbers, number);
      gone.push_back(tables_.at(number));
      gone.back().busy = 0;
      tables_.erase(number);
    }
    std::erase_if(runs_, [](const auto& run) { return run.second.empty(); });
    if (plan.kind == Plan::Kind::kMerge) gone = merged(gone, plan.bottom && !snapshots_, job.cuts);
    std::vector<uint64_t>& output = runs_[{plan.output_level, plan.output_run != 0 ? plan.output_run : ++last_run_}];
    for (const GameTable& table : gone) {
      output.push_back(next_table_);
      tables_[next_table_++] = table;
    }
    if (output.empty()) std::erase_if(runs_, [](const auto& run) { return run.second.empty(); });
    expect_disjoint(sorted(output));
  }

  void expect_disjoint(const std::vector<uint64_t>& run) const {
    for (size_t i = 1; i < run.size(); i++) NACRE_CHECK(tables_.at(run[i - 1]).largest < tables_.at(run[i]).smallest);
  }

  // The newest of each key, cut at the partitions' borders and at the size of a table.
  std::vector<GameTable> merged(const std::vector<GameTable>& inputs, bool drops_erases,
                                const std::vector<std::string>& cuts) const {
    GameTable all{.bytes = 0};
    for (const GameTable& table : inputs) {
      for (size_t i = 0; i < kKeys; i++) all.ages[i] = std::max(all.ages[i], table.ages[i]);
      all.bytes += table.bytes;
      all.erases += drops_erases ? 0 : table.erases;
    }
    const uint64_t share = 1 + all.bytes / kKeys;
    std::vector<GameTable> outputs;
    for (size_t i = 0; i < kKeys; i++) {
      if (all.ages[i] == 0) continue;
      const std::string key(1, static_cast<char>('a' + i));
      const bool cut = std::find(cuts.begin(), cuts.end(), key) != cuts.end();
      if (outputs.empty() || cut || outputs.back().bytes >= options_.table_bytes) outputs.push_back({.bytes = 0});
      outputs.back().ages[i] = all.ages[i];
      outputs.back().bytes += share;
    }
    if (!outputs.empty()) outputs.front().erases = all.erases;
    for (GameTable& table : outputs) set_bounds(table);
    return outputs;
  }

  // A reader stops at the first run that knows the key.
  void expect_newest() const {
    Ages seen{};
    for (const auto& [place, numbers] : runs_) {
      for (const uint64_t number : numbers) {
        const GameTable& table = tables_.at(number);
        for (size_t i = 0; i < kKeys; i++) {
          if (seen[i] == 0) seen[i] = table.ages[i];
        }
      }
    }
    NACRE_CHECK(seen == newest_);
  }

  PolicyOptions options_;
  const bool snapshots_;
  std::map<Place, std::vector<uint64_t>> runs_;  // newest first
  std::map<uint64_t, GameTable> tables_;
  std::map<uint64_t, Job> jobs_;
  Ages newest_{};
  uint32_t clock_ = 0;
  uint64_t last_run_ = 0;
  uint64_t next_table_ = 1;
  uint64_t last_job_ = 0;
};

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint64_t table_bytes = 8 + input.below(300);
  const PolicyOptions options{.shape = static_cast<CompactionShape>(input.below(3)),
                              .memtable_bytes = 1 + input.below(300),
                              .table_bytes = table_bytes,
                              .partition_bytes = table_bytes * (4 + input.below(4)),
                              .runs_per_level = static_cast<uint32_t>(2 + input.below(5)),
                              .down_share = static_cast<double>(1 + input.below(20)) / 10,
                              .idle_down_share = 0.1,
                              .fanout = static_cast<uint32_t>(2 + input.below(8))};
  Game game(options, input.flag());
  for (int steps = 0; !input.empty() && steps < 400; steps++) {
    const uint8_t what = input.byte();
    switch (what & 7) {
      case 0:
      case 1:
      case 2: game.flush(input); break;
      case 3: game.plan(false, false, uint64_t{what} >> 3 << 7); break;
      case 4: game.plan(true, false); break;
      case 5: game.plan(false, (what & 0x38) == 0x38); break;
      default:
        if (what == 0xFF) game.change_shape(static_cast<CompactionShape>(input.below(3)));
        game.finish_one(what >> 3);
    }
  }
  while (game.finish_one(0)) {
  }
  const size_t bound = 50 + 10 * game.tables();
  size_t turns = 0;
  for (; game.plan(true, false); turns++) {
    NACRE_CHECK(turns < bound);  // else it goes round for ever
    game.finish_one(0);
  }
  game.expect_one_bottom_run();
  for (turns = 0; game.plan(false, false, UINT64_MAX); turns++) {
    NACRE_CHECK(turns < bound);
    game.finish_one(0);
  }
  for (turns = 0; game.plan(false, true); turns++) {
    NACRE_CHECK(turns < bound);
    game.finish_one(0);
  }
}

const fuzz::Registration kHere({.name = "policy",
                                .run = run,
                                .seeds = [] { return fuzz::random_seeds(8, 400); },
                                .heap_budget_bytes = uint64_t{4} << 20,
                                .replay_mutations = 100});

}  // namespace
}  // namespace nacre::compaction
