# What a package of Baton needs of the machine: glibc 2.28 and Linux 4.18, which Node.js 24 needs. Read by the launcher
# (bin/baton) at every start, so it starts no program; and part of the scripts that run before an installation.

# baton_floors ROOT: 0 if all is there; else 1, and a sentence on standard error. ROOT is empty for the running system.
baton_floors() {
  baton_libc=
  for baton_file in "$1"/lib64/libc-2.*.so "$1"/usr/lib64/libc-2.*.so "$1"/lib/x86_64-linux-gnu/libc-2.*.so; do
    # Since 2.34 the file has no number; glibc that has one may be too old.
    [ -e "$baton_file" ] || continue
    baton_minor=${baton_file##*/libc-2.}
    baton_minor=${baton_minor%.so}
    case $baton_minor in '' | *[!0-9]*) continue ;; esac
    if [ "$baton_minor" -gt "${baton_libc:-0}" ]; then baton_libc=$baton_minor; fi
  done
  if [ -n "$baton_libc" ] && [ "$baton_libc" -lt 28 ]; then
    baton_refuse "this system has glibc 2.$baton_libc, and Baton needs 2.28 or later (CentOS 7 and RHEL 7 have 2.17). Use a newer system (RHEL 8, TencentOS Server 3, Debian 10, Ubuntu 20.04 and their relatives have it), or keep keepalived on this node: the two work as a pair." \
      "本系统的 glibc 为 2.$baton_libc，而 Baton 需要 2.28 或更高版本（CentOS 7、RHEL 7 为 2.17）。请使用更新的系统（RHEL 8、TencentOS Server 3、Debian 10、Ubuntu 20.04 及其同类均满足），或在此节点上保留 keepalived：两者可以组成一对。"
    return 1
  fi
  if [ ! -e "$1/lib64/ld-linux-x86-64.so.2" ]; then
    baton_refuse "this system has no glibc for x86-64 (/lib64/ld-linux-x86-64.so.2), and Baton needs version 2.28 or later; Alpine and others with musl do not have it." \
      "本系统没有 x86-64 的 glibc（/lib64/ld-linux-x86-64.so.2），而 Baton 需要 2.28 或更高版本；Alpine 等使用 musl 的系统没有它。"
    return 1
  fi
  baton_release=
  read -r baton_release 2>/dev/null <"$1/proc/sys/kernel/osrelease" || :
  baton_major=${baton_release%%.*}
  baton_minor=${baton_release#*.}
  baton_minor=${baton_minor%%[!0-9]*}
  case $baton_major$baton_minor in '' | *[!0-9]*) return 0 ;; esac
  if [ "$baton_major" -gt 4 ] || { [ "$baton_major" -eq 4 ] && [ "${baton_minor:-0}" -ge 18 ]; }; then return 0; fi
  baton_refuse "this kernel is Linux $baton_release, and Baton needs 4.18 or later." \
    "本机内核为 Linux $baton_release，而 Baton 需要 4.18 或更高版本。"
  return 1
}

baton_refuse() {
  case ${LC_ALL:-${LC_MESSAGES:-${LANG-}}} in zh*) echo "baton: $2" >&2 ;; *) echo "baton: $1" >&2 ;; esac
}
