#include "cli/shell/line_editor.h"

#include <histedit.h>

#include <algorithm>
#include <csignal>
#include <cwchar>

#include "cli/terminal.h"

namespace nacre::cli {

struct LineEditor::Parts {
  std::FILE* out;
  nacre::cli::History kept;
  Completer completer;
  std::string prompt = {};
  EditLine* editor = nullptr;
  ::History* lines = nullptr;  // libedit's, which the arrow keys walk
};

namespace {

LineEditor::Completer* completer_of = nullptr;  // of the one editor: libedit's callbacks carry no other argument
const std::string* prompt_of = nullptr;
std::FILE* out_of = nullptr;
bool given_up = false;

char* prompt_text(EditLine*) {
  static std::string text;  // libedit reads it until the next call
  text = *prompt_of;
  return text.data();
}

// Candidates in columns, as many as the terminal has room for.
void list_candidates(const std::vector<std::string>& shown) {
  const auto columns = static_cast<size_t>(terminal_columns(out_of));
  size_t width = 1;
  for (const std::string& text : shown) width = std::max(width, display_width(text) + 2);
  const size_t across = std::max<size_t>(1, columns / width);
  std::fprintf(out_of, "\n");
  for (size_t i = 0; i < shown.size(); i++) {
    const std::string text = shortened(shown[i], std::max<size_t>(columns, 5) - 1);
    const bool last = (i + 1) % across == 0 || i + 1 == shown.size();
    const size_t gap = last ? 0 : width - display_width(text);
    std::fprintf(out_of, "%s%s%s", text.c_str(), std::string(gap, ' ').c_str(), last ? "\n" : "");
  }
}

int characters_in(Bytes text) {
  int count = 0;
  for (const char c : text) count += (static_cast<uint8_t>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

unsigned char on_tab(EditLine* editor, wint_t) {
  const LineInfo* info = el_line(editor);
  const std::string typed(info->buffer, info->cursor);
  const Completion completion = (*completer_of)(typed);
  const Bytes replaced = Bytes(typed).substr(completion.begin);
  const bool changed = completion.text != replaced;
  if (changed) {
    el_deletestr(editor, characters_in(replaced));
    if (el_insertstr(editor, completion.text.c_str()) != 0) return CC_ERROR;
  }
  if (completion.shown.empty()) return changed ? CC_REFRESH : CC_REFRESH_BEEP;
  if (changed) return CC_REFRESH;  // TAB again lists
  list_candidates(completion.shown);
  return CC_REDISPLAY;
}

// Ends the line as the end of the input would; read() tells them apart.
unsigned char on_ctrl_c(EditLine*, wint_t) {
  given_up = true;
  return CC_EOF;
}

// Stops the process as Ctrl-Z does elsewhere, with a terminal that its shell can use.
unsigned char on_ctrl_z(EditLine* editor, wint_t) {
  el_set(editor, EL_PREP_TERM, 0);
  (void)raise(SIGTSTP);
  el_set(editor, EL_PREP_TERM, 1);
  return CC_REDISPLAY;
}

}  // namespace

LineEditor::LineEditor(std::FILE* out, nacre::cli::History kept, Completer completer)
    : parts_(std::make_unique<Parts>(Parts{.out = out, .kept = std::move(kept), .completer = std::move(completer)})) {
  completer_of = &parts_->completer;
  prompt_of = &parts_->prompt;
  out_of = out;
  parts_->lines = history_init();
  HistEvent event{};
  history(parts_->lines, &event, H_SETSIZE, static_cast<int>(nacre::cli::History::kKept));
  for (const std::string& line : parts_->kept.lines()) history(parts_->lines, &event, H_ENTER, line.c_str());
  parts_->editor = el_init("nacre", stdin, out, stderr);
  el_set(parts_->editor, EL_PROMPT, prompt_text);
  el_set(parts_->editor, EL_EDITOR, "emacs");
  el_set(parts_->editor, EL_HIST, history, parts_->lines);
  // el_set would copy the names and never free them.
  el_wset(parts_->editor, EL_ADDFN, L"nacre-complete", L"complete the word", on_tab);
  el_set(parts_->editor, EL_BIND, "\t", "nacre-complete", nullptr);
  // While a line is edited Ctrl-C and Ctrl-Z are keys, in their place among the others, and no signals that come at any time.
  el_set(parts_->editor, EL_SETTY, "-d", "-isig", nullptr);
  el_wset(parts_->editor, EL_ADDFN, L"nacre-give-up", L"give the line up", on_ctrl_c);
  el_set(parts_->editor, EL_BIND, "^C", "nacre-give-up", nullptr);
  el_wset(parts_->editor, EL_ADDFN, L"nacre-stop", L"stop the process", on_ctrl_z);
  el_set(parts_->editor, EL_BIND, "^Z", "nacre-stop", nullptr);
  el_set(parts_->editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_set(parts_->editor, EL_BIND, "\\e[1~", "ed-move-to-beg", nullptr);  // Home, End, Delete of many terminals
  el_set(parts_->editor, EL_BIND, "\\e[4~", "ed-move-to-end", nullptr);
  el_set(parts_->editor, EL_BIND, "\\e[3~", "ed-delete-next-char", nullptr);
  el_source(parts_->editor, nullptr);  // ~/.editrc
}

LineEditor::~LineEditor() {
  el_end(parts_->editor);
  history_end(parts_->lines);
}

std::optional<std::string> LineEditor::read(const std::string& prompt) {
  parts_->prompt = prompt;
  int length = 0;
  given_up = false;
  // Before the prompt, not with the first key: what is typed on seeing it is a key already.
  el_set(parts_->editor, EL_PREP_TERM, 1);
  const char* text = el_gets(parts_->editor, &length);
  if (given_up) {
    std::fprintf(parts_->out, "^C\n");
    return "";
  }
  if (text == nullptr || length <= 0) {
    std::fprintf(parts_->out, "\n");
    return std::nullopt;
  }
  std::string line(text, static_cast<size_t>(length));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' ')) line.pop_back();
  if (parts_->kept.add(line)) {
    HistEvent event{};
    history(parts_->lines, &event, H_ENTER, line.c_str());
  }
  return line;
}

}  // namespace nacre::cli
