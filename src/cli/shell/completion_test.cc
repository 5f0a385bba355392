#include "cli/shell/completion.h"

#include <gtest/gtest.h>

#include <clocale>
#include <fstream>
#include <set>

#include "base/prng.h"
#include "cli/shell/catalogue.h"
#include "cli/shell/scratch.h"

namespace nacre::cli {
namespace {

// The line after TAB, and what is offered.
std::string after_tab(Scratch& shell, const std::string& line) {
  const Completion completion = complete(shell.state(), line);
  std::string text = line.substr(0, completion.begin) + completion.text;
  for (const std::string& shown : completion.shown) text += " | " + shown;
  return text;
}

TEST(ShellCompletion, CommandsOptionsChoicesKeyspaces) {
  Scratch shell;
  shell("create orders");
  shell("create \"or der\"");
  EXPECT_EQ(after_tab(shell, "sca"), "scan ");
  EXPECT_EQ(after_tab(shell, "co"), "co | count | commit | compact");
  EXPECT_EQ(after_tab(shell, "frob"), "frob");
  EXPECT_EQ(after_tab(shell, "frob x"), "frob x");
  EXPECT_EQ(after_tab(shell, "scan pre"), "scan prefix ");
  EXPECT_EQ(after_tab(shell, "scan --re"), "scan --reverse ");
  EXPECT_EQ(after_tab(shell, "scan --"),
            "scan -- | --prefix | --from | --to | --limit | --reverse | --keys | --values | --full");
  EXPECT_EQ(after_tab(shell, "mode j"), "mode json ");
  EXPECT_EQ(after_tab(shell, "mode json "), "mode json ");
  EXPECT_EQ(after_tab(shell, "create x --shape l"), "create x --shape l | lazy-leveled | leveled");
  EXPECT_EQ(after_tab(shell, "create x --shape lev"), "create x --shape leveled ");
  EXPECT_EQ(after_tab(shell, "use d"), "use default ");
  EXPECT_EQ(after_tab(shell, "use or"), "use or | orders | or der");
  EXPECT_EQ(after_tab(shell, "use \"or "), "use \"or der\" ");
  EXPECT_EQ(after_tab(shell, "help ti"), "help timing ");
  EXPECT_EQ(after_tab(shell, "get \"a\""), "get \"a\"");
}

TEST(ShellCompletion, Keys) {
  Scratch shell;
  for (const char* line : {"put user:1 x", "put user:2 x", "put user:22 x", "put \"sp ace\" x", "put \"\\xff\\x01\" x"})
    shell(line);
  EXPECT_EQ(after_tab(shell, "get u"), "get user: | user:1 | user:2 | user:22");
  EXPECT_EQ(after_tab(shell, "get user:1"), "get user:1 ");
  EXPECT_EQ(after_tab(shell, "get sp"), "get \"sp ace\" ");
  EXPECT_EQ(after_tab(shell, "get \"\\xff"), "get \"\\xff\\x01\" ");
  EXPECT_EQ(after_tab(shell, "scan from user:2"), "scan from user:2 | user:2 | user:22");
  EXPECT_EQ(after_tab(shell, "put u"), "put user: | user:1 | user:2 | user:22");
  EXPECT_EQ(after_tab(shell, "put user:1 u"), "put user:1 u") << "a value is no key";
  EXPECT_EQ(after_tab(shell, "del user:1 s"), "del user:1 \"sp ace\" ");
  EXPECT_EQ(after_tab(shell, "get nothing"), "get nothing");
}

TEST(ShellCompletion, ManyKeysAreOfferedByTheirNextCharacter) {
  Scratch shell;
  shell("batch");
  for (int i = 0; i < 30'000; i++) shell("put row" + std::to_string(100'000 + i) + " x");
  shell("put row x");
  shell("put \"row\\xff\\xff\" x");
  shell("put \"row\xc3\xa4\" x");
  shell("write");
  EXPECT_EQ(after_tab(shell, "get r"), "get row | row | row1... | row\\xc3\\xa4... | row\\xff...");
  EXPECT_EQ(after_tab(shell, "get row1"), "get row1 | row10... | row11... | row12...");
}

TEST(ShellCompletion, Files) {
  Scratch shell;
  std::ofstream(shell.file("data.tsv")) << "x";
  const std::string folder = shell.file("");
  EXPECT_EQ(after_tab(shell, "import " + folder + "da"), "import " + folder + "data.tsv ");
  EXPECT_EQ(after_tab(shell, "read " + folder + "d"),
            "read " + folder + "d | " + folder + "data.tsv | " + folder + "db/");
  EXPECT_EQ(after_tab(shell, "read " + folder + "db"), "read " + folder + "db/");
}

// Whatever is typed and stored: what TAB writes is read as a word that begins with what was typed.
TEST(ShellCompletion, ExtendsWhatWasTyped) {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  Scratch shell;
  base::Prng prng(5);
  std::set<std::string> keys;
  while (keys.size() < 60) {
    std::string key;
    for (uint64_t length = 1 + prng.below(4); length > 0; length--) key += "ab \"'\\\xc3\xa4-#\n"[prng.below(11)];
    shell("put " + as_word(key) + " v");
    keys.insert(key);
  }
  for (const std::string& key : keys) {
    for (size_t length = 0; length <= key.size(); length++) {
      const std::string typed = key.substr(0, length);
      std::string line = "get " + as_word(typed);
      if (line[4] == '"') line.pop_back();  // still open
      const Completion completion = complete(shell.state(), line);
      std::string done = line.substr(0, completion.begin) + completion.text;
      const auto read = split_typed(done);
      if (!read) ADD_FAILURE() << line << " became " << done;
      const std::string text = completion.text.ends_with(' ') && completion.shown.empty() && read->text.empty()
                                   ? read->before.back().text
                                   : read->text;
      EXPECT_TRUE(text.starts_with(typed)) << line << " became " << done;
      EXPECT_TRUE(keys.lower_bound(text) != keys.end() && keys.lower_bound(text)->starts_with(text)) << done;
    }
  }
  std::setlocale(LC_CTYPE, "C");
}

}  // namespace
}  // namespace nacre::cli
