//! The scripts that shells load. Each asks the tool that stands on the line, and shows what it says.

use super::Shell;

/// The script of `tool` for a shell.
pub(super) fn of(tool: &str, shell: Shell) -> String {
    let template = match shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
    };
    template.replace("TOOL", tool).replace("NAME", &tool.replace('-', "_"))
}

const BASH: &str = r#"# Completions of TOOL for bash: the tool itself knows them.
_kch_complete_NAME() {
  mapfile -t COMPREPLY < <("${1/#\~/$HOME}" --complete bash "$COMP_CWORD" "$COMP_LINE" "${COMP_WORDS[@]}" 2>/dev/null)
  case ${#COMPREPLY[@]}${COMPREPLY[0]-} in
    1*[=/:]) compopt -o nospace 2>/dev/null ;;
  esac
}
complete -o bashdefault -F _kch_complete_NAME TOOL
"#;

const ZSH: &str = r#"#compdef TOOL
# Completions of TOOL for zsh: the tool itself knows them.
_TOOL() {
  local line value tab=$'\t'
  local -a values shown open open_shown
  for line in "${(@f)$(${(Q)words[1]/#\~/$HOME} --complete zsh $((CURRENT - 1)) '' "${(@Q)words[1,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    value=${line%%$tab*}
    if [[ $value == *[=/] ]]; then
      open+=("$value") open_shown+=("${line/$tab/  -- }")
    else
      values+=("$value") shown+=("${line/$tab/  -- }")
    fi
  done
  if (( $#values + $#open )); then
    compadd -l -d shown -a values
    compadd -l -S '' -d open_shown -a open
  else
    _files
  fi
}
if [[ $funcstack[1] == _TOOL ]]; then
  _TOOL "$@"
else
  compdef _TOOL TOOL
fi
"#;

const FISH: &str = r#"# Completions of TOOL for fish: the tool itself knows them.
function __kch_complete_NAME
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    TOOL --complete fish (count $words) '' $words (commandline --current-token) 2>/dev/null
end
complete --command TOOL --keep-order --exclusive --arguments "(__kch_complete_NAME)"
"#;
