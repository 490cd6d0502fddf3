# complete.bash SCRIPT TOKEN ...: what bash would offer for the last token
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_baton
printf '%s\n' "${COMPREPLY[@]}"
