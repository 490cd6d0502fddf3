# fish completion for baton; made by: baton completion fish
# __baton_is PATH [N [more]]: in this command, at its operand N, or at a later one.
function __baton_is
  set -l at ''
  set -l skip 0
  set -l n 0
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
        set n 0
      case '*:-*'
      case '*'
        set n (math $n + 1)
    end
  end
  test "$at" = $argv[1]; or return 1
  test (count $argv) -lt 2; and return 0
  test (count $argv) -gt 2; and test $n -ge $argv[2]; and return 0
  test $n -eq $argv[2]
end
function __baton_instances
  command -q baton; or return
  set -l dir
  set -l words (commandline -opc)
  for i in (seq (count $words))
    switch $words[$i]
      case --runtime-dir
        set dir --runtime-dir $words[(math $i + 1)]
      case '--runtime-dir=*'
        set dir $words[$i]
    end
  end
  command baton status --names $dir 2>/dev/null
end
complete -c baton -f
@LINES@
