/** What `baton run` reports about its options and its start, in both languages. */
import type { Language } from "#diagnostics/diagnostic";
import type { IgnoredWhy } from "./run-options.ts";

const IGNORED: Readonly<Record<Language, Readonly<Record<IgnoredWhy, string>>>> = {
  en: {
    "flushed-anyway": "Baton writes every line of its log at once",
    "vrrp-only": "Baton has no checkers and no BFD, only VRRP",
    "always-released": "Baton always hands its addresses over when it stops",
    "always-respawned": "Baton always starts its engine again",
    "no-snmp": "Baton has no SNMP agent",
    "not-needed": "it does nothing that Baton needs",
  },
  "zh-CN": {
    "flushed-anyway": "Baton 的每行日志都会立即写出",
    "vrrp-only": "Baton 只有 VRRP，没有健康检查进程和 BFD",
    "always-released": "Baton 停止时总会移交地址",
    "always-respawned": "Baton 总会重新启动引擎",
    "no-snmp": "Baton 没有 SNMP 代理",
    "not-needed": "Baton 不需要该选项",
  },
};

export const ignoredSentence = (option: string, why: IgnoredWhy, language: Language): string =>
  language === "en"
    ? `option ${option} has no effect: ${IGNORED.en[why]}`
    : `选项 ${option} 无效：${IGNORED["zh-CN"][why]}`;

/** Why `-t` fails. Undefined for status 0, for which keepalived prints nothing either. */
export function testSentence(file: string, status: number, language: Language): string | undefined {
  const en = language === "en";
  switch (status) {
    case 0:
      return undefined;
    case 4:
      return en ? `status 4: ${file} would not run` : `退出码 4：${file} 无法运行`;
    case 5:
      return en
        ? `status 5: ${file} has errors and would run only with --compat`
        : `退出码 5：${file} 有错误，只有加 --compat 才会运行`;
    case 6:
      return en
        ? `status 6: ${file} would run, but what it says about scripts is not safe`
        : `退出码 6：${file} 能运行，但其中的脚本存在安全问题`;
    default:
      return en
        ? `status ${status}: ${file} could not be read`
        : `退出码 ${status}：无法读取 ${file}`;
  }
}

/** The daemon was started by a user without the rights it needs. */
export const rightsSentence = (missing: readonly string[], language: Language): string =>
  language === "en"
    ? `${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} missing, without which no address can be owned; run it as root (sudo), or with AmbientCapabilities= in the unit`
    : `缺少 ${missing.join("、")} 权限，无法管理地址；请以 root（sudo）运行，或在 unit 中设置 AmbientCapabilities=`;

/**
 * systemd stops keepalived before it starts `baton.service`; a person may forget to. It is not
 * refused: which routers that one has, only its file says, which may be another one by now, and
 * with different addresses the two get on.
 */
export const besideSentence = (pids: readonly number[], language: Language): string =>
  language === "en"
    ? `keepalived speaks VRRP on this machine too (PID ${pids.join(", ")}): both may own the same address, and each takes the other for this machine's own packets; stop it (systemctl stop keepalived), or use \`baton migrate\``
    : `本机的 keepalived 也在运行 VRRP（PID ${pids.join("、")}）：两者可能持有同一地址，并把对方的报文当作本机自己的；请停止 keepalived（systemctl stop keepalived），或使用 \`baton migrate\``;
