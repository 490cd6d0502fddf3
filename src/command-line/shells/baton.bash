# bash completion for baton; made by: baton completion bash
_baton_list() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
_baton_paths() { compopt -o filenames 2>/dev/null || :; mapfile -t COMPREPLY < <(compgen "$1" -- "$cur"); }
# Names of the running daemon's instances. They are compared and quoted, never expanded.
_baton_instances() {
  local name i dir=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in
    --runtime-dir) [[ ${COMP_WORDS[i+1]} == '=' ]] && dir=(--runtime-dir "${COMP_WORDS[i+2]-}") || dir=(--runtime-dir "${COMP_WORDS[i+1]}") ;;
    esac
  done
  while IFS= read -r name; do
    [[ $name == "$cur"* ]] && printf -v name %q "$name" && COMPREPLY+=("$name")
  done < <(command baton status --names ${dir[@]+"${dir[@]}"} 2>/dev/null)
}
_baton() {
  local at='' i n=0 cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  # bash makes three words of `--lang=en`.
  if [[ $cur == '=' ]]; then cur=''; elif [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at:${COMP_WORDS[i]}" in
    @SKIPS@) ((++i)) ;;
    @ENTERS@) at="${at:+$at }${COMP_WORDS[i]}"; n=0 ;;
    *:-*) ;;
    *) ((++n)) ;;
    esac
  done
  case "$at:$prev" in
@VALUES@
  esac
  case "$at" in
@NEXT@
  esac
}
complete -F _baton baton
