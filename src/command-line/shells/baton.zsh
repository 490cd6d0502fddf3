#compdef baton
# zsh completion for baton; made by: baton completion zsh
_baton_instances() {
  local -a names dir
  local -i at=${words[(I)--runtime-dir]}
  ((at > 0 && at < CURRENT - 1)) && dir=(--runtime-dir ${(Q)words[at+1]})
  [[ ${words[(r)--runtime-dir=*]} != '' ]] && dir=(--runtime-dir ${(Q)${words[(r)--runtime-dir=*]}#*=})
  names=(${(f)"$(command baton status --names $dir 2>/dev/null)"})
  compadd -a names
}
_baton() {
  local at='' prev=$words[CURRENT-1]
  local -i i n=0
  local -a items
  for ((i = 2; i < CURRENT; i++)); do
    case "$at:$words[i]" in
    @SKIPS@) ((++i)) ;;
    @ENTERS@) at="${at:+$at }$words[i]"; n=0 ;;
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
# Both `source <(baton completion zsh)` and a file _baton in $fpath work.
if [[ $funcstack[1] == _baton ]]; then _baton "$@"; else compdef _baton baton; fi
