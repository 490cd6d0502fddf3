# complete.zsh SCRIPT TOKEN ...: what zsh would be given for the last token. Completion functions
# run only while a line is edited, so stand-ins print what they are given.
compdef() { :; }
_describe() {
  [[ $1 == -o ]] && shift
  local each
  for each in "${(@P)2}"; do print -r -- "${${each//\\:/.}%%:*}"; done
}
_files() { :; }
compadd() { shift; print -rl -- "$@"; }
source $1
shift
words=("$@")
CURRENT=$#
PREFIX=$words[-1]
_baton
true
