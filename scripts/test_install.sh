#!/usr/bin/env bash
# make install and make uninstall, in a temporary folder: what is put in place works there, and exactly that goes again.
#
# Usage: scripts/test_install.sh
#
# BIN_DIR (default target/release) is where the built tools are. Needs no service: completions of live names are tested
# with each tool. zsh and fish read their scripts where they are installed.
#
# Exit codes: 0 all is well, 1 something is not: it is named, 2 the tools are not built.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1-} in
  -h | --help) usage && exit 0 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DESTDIR=$work/image PREFIX=/opt/kch
installed=$DESTDIR$PREFIX
tools=(avro-produce avro-consume sr connect-ctl ch-query topic-ctl)

everything() { (cd "$DESTDIR" && find . | sort); }

# A man page's lines are text or known requests, in pairs where they come in pairs, and bytes below 128.
check_page() { # FILE
  awk '
    function bad(why) { printf "%s:%d: %s: %s\n", FILENAME, FNR, why, $0; failed = 1 }
    NR == 1 && !/^\.(ie|TH)/ { bad("no title first") }
    /^\.TH/ { title++ }
    /^[.'"'"']/ && !/^\.(ie|el|TH|SH|SS|TP|PP|RS|RE|IP|nf|fi|br)( |$)/ { bad("unknown request") }
    /^\.nf/ { depth++ } /^\.fi/ { depth-- }
    /^\.RS/ { indent++ } /^\.RE/ { indent-- }
    /[^\t -~]/ { bad("a character that troff does not read") }
    END {
      if (title != 1 || depth != 0 || indent != 0) bad("not balanced")
      exit failed
    }' "$1" || die "$1: not a man page"
}

# A program of someone else is there already, and stays.
mkdir -p "$installed/bin" "$installed/share/man/man1"
echo theirs | tee "$installed/bin/theirs" >"$installed/share/man/man1/theirs.1"
before=$(everything)

"$repo/scripts/install.sh" 2>"$work/said"
after=$(everything)
"$repo/scripts/install.sh" 2>"$work/said"
[ "$(everything)" = "$after" ] || die "installing twice is not the same as once"

export PATH=$installed/bin:$PATH
pages=0
for tool in "${tools[@]}"; do
  [ "$(command -v "$tool")" = "$installed/bin/$tool" ] || die "$tool is not on PATH"
  [ -f "$installed/share/man/man1/$tool.1" ] || die "$tool has no man page"
  "$tool" --help | grep -q '^Examples:' || die "$tool --help has no examples"
  # bash itself: load the script as bash-completion does, and complete a flag.
  # shellcheck disable=SC2016  # it is the shell that is started that expands these
  flags=$(env -i PATH="$PATH" HOME="$work" bash --norc -c '
    . "$1"
    function=$(complete -p "$2" | sed "s/.*-F \([^ ]*\).*/\1/")
    COMP_LINE="$2 --show" COMP_WORDS=("$2" --show) COMP_CWORD=1
    "$function" "$2" --show "$2"
    printf "%s\n" "${COMPREPLY[@]}"' bash "$installed/share/bash-completion/completions/$tool" "$tool")
  [ "$flags" = --show-config ] || die "bash completes $tool --show to: $flags"
  if command -v zsh >/dev/null; then zsh -n "$installed/share/zsh/site-functions/_$tool"; fi
  if command -v fish >/dev/null; then fish -n "$installed/share/fish/vendor_completions.d/$tool.fish"; fi
done
for page in "$installed"/share/man/man1/*.1; do
  [ "${page##*/}" = theirs.1 ] && continue
  check_page "$page"
  pages=$((pages + 1))
done
[ -f "$installed/share/man/man1/topic-ctl-groups-list.1" ] || die "a verb has no man page"

"$repo/scripts/install.sh" --uninstall
[ "$(everything)" = "$before" ] || die "uninstalling left or took: $(diff <(echo "$before") <(everything) || true)"
if "$repo/scripts/install.sh" --uninstall 2>"$work/said"; then die "what is not there was uninstalled"; fi
say "installed, tried and uninstalled ${#tools[@]} tools with $pages man pages"
