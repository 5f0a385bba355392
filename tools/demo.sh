#!/usr/bin/env bash
# The main job on this machine's own data: Debian package records, the digests of installed files, and the lines of its headers.
# usage: demo.sh PATH-OF-NACRE
set -euo pipefail

nacre=$(realpath "$1")
tour=$(dirname "$nacre")/nacre-tour
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
db=$work/db

title() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "${*//$work/TMP}"; "$@"; }
now_ms() { date +%s%3N; }

title "1. Real data: package records, digests of files, lines of headers"
# A record a package; newlines, tabs and backslashes escaped as import expects them.
awk 'BEGIN { RS = ""; FS = "\n" } {
  name = substr($1, 10)
  gsub(/\\/, "&&"); gsub(/\t/, "\\t"); gsub(/\n/, "\\n")
  print "package:" name "\t" $0
}' /var/lib/dpkg/status > "$work/packages.tsv"
cat /var/lib/dpkg/info/*.md5sums 2>/dev/null | awk '{
  digest = $1; path = substr($0, length($1) + 3)
  gsub(/\\/, "&&", path); gsub(/\t/, "\\t", path)
  if (path ~ /^usr\//) print "file:/" path "\t" digest
}' > "$work/files.tsv"
# However few packages a machine has, its C and C++ headers have lines by the hundred thousand.
(set +o pipefail
 for depth in "-maxdepth 1" "-mindepth 2"; do find /usr/include $depth -type f -print0 | LC_ALL=C sort -z; done | LC_ALL=C xargs -0 awk '{
  gsub(/\\/, "&&"); gsub(/\t/, "\\t"); gsub(/\r/, "\\r")
  printf "line:%s:%06d\t%s\n", FILENAME, FNR, $0
}' 2>/dev/null | head -n 500000) > "$work/lines.tsv" || true
begin=$(now_ms)
for file in packages files lines; do run "$nacre" import "$db" "$work/$file.tsv"; done
end=$(now_ms)
entries=$(cat "$work"/*.tsv | wc -l)
printf '%d entries, %d KiB in %d ms: %d entries a second, three process starts included\n' "$entries" \
  $(($(cat "$work"/*.tsv | wc -c) / 1024)) $((end - begin)) $((entries * 1000 / (end - begin + 1)))

title "2. Point reads"
run "$nacre" get "$db" package:dpkg | tr '\n' ' ' | cut -c 1-160
run "$nacre" get "$db" package:no-such-package || printf '(exit code %d: not found)\n' $?

title "3. A prefix scan, forward and backward"
run "$nacre" scan "$db" --prefix file:/usr/bin/d --limit 4
run "$nacre" scan "$db" --prefix file:/usr/bin/d --limit 2 --reverse --json
run "$nacre" scan "$db" --prefix line:/usr/include/stdio.h: --from line:/usr/include/stdio.h:000100 --limit 3

title "4. Updates and deletes"
run "$nacre" put "$db" package:dpkg "changed"
run "$nacre" get "$db" package:dpkg
run "$nacre" del "$db" package:dpkg
run "$nacre" get "$db" package:dpkg || printf '(exit code %d: not found)\n' $?

title "5. A batch across keyspaces, a snapshot held across writes, a transaction"
run "$tour" show "$db"

title "6. A writer killed with SIGKILL in mid-load"
"$tour" write "$db" > "$work/acknowledged" &
writer=$!
sleep 2
kill -9 "$writer"
wait "$writer" 2>/dev/null || true
last=$(tail -c 64 "$work/acknowledged" | awk '/^[0-9]+$/ { n = $0 } END { print n + 0 }')
printf 'killed after %d acknowledged writes\n' "$last"
run "$tour" verify "$db" "$last"

title "7. Everything verified, and the levels"
run "$nacre" check "$db"
run "$nacre" stats "$db"
begin=$(now_ms)
exported=$("$nacre" export "$db" | wc -l)
end=$(now_ms)
printf '\nexported %d entries in %d ms\n' "$exported" $((end - begin))
