# fish completion for baton; made by: baton completion fish
function __baton_is
  set -l at ''
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip = 1
      set skip 0
      continue
    end
    switch "$at:$word"
      case @SKIPS@
        set skip 1
      case @ENTERS@
        set at (string trim "$at $word")
    end
  end
  test "$at" = $argv[1]
end
complete -c baton -f
@LINES@
