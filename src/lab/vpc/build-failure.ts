/** Describes why a VPC could not be built: what failed, why, and what to do. */
import type { Language } from "#diagnostics/diagnostic";
import { LinuxError } from "#linux/result";
import { CloudRefusal } from "./cloud-refusal.ts";
import type { LabText } from "./lab-messages.ts";

/** Undefined if neither the machine nor the cloud has refused, so that it is a bug of ours. */
export function explainBuildFailure(error: unknown, lang: Language): string | undefined {
  if (error instanceof CloudRefusal)
    return lang === "zh-CN"
      ? `云平台拒绝创建：${error.text("zh-CN")}\n  请按此修改 lab 文件`
      : `the cloud refuses to make it: ${error.text("en")}\n  change the lab file accordingly`;
  const reason = reasonOf(error);
  if (reason === undefined) return undefined;
  const { text, fix } = reason;
  return lang === "zh-CN"
    ? `无法在本机搭建 VPC：${text}\n  ${fix["zh-CN"]}`
    : `the VPC cannot be built on this machine: ${text}\n  ${fix.en}`;
}

function reasonOf(error: unknown): { readonly text: string; readonly fix: LabText } | undefined {
  if (error instanceof LinuxError) {
    const { call, errno } = error.failure;
    return { text: error.message, fix: fixOf(call, errno) };
  }
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string")
    return undefined;
  return { text: error.message, fix: FIXES[error.code] ?? OTHER };
}

const ROOT: LabText = {
  en: "run it as root, in a container with `docker run --privileged`, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1",
  "zh-CN":
    "请用 root 运行，容器内使用 `docker run --privileged`，或允许用户命名空间：sysctl kernel.unprivileged_userns_clone=1",
};
const NAMESPACES: LabText = {
  en: "the limit of network namespaces is reached: sysctl user.max_net_namespaces=1000",
  "zh-CN": "网络命名空间数量已达上限：sysctl user.max_net_namespaces=1000",
};
const OTHER: LabText = {
  en: "`npm start -- --bridge` needs no VPC; with it the pair runs on a plain bridge",
  "zh-CN": "`npm start -- --bridge` 不需要 VPC，主备两台运行在普通网桥上",
};
const FIXES: Readonly<Record<string, LabText>> = {
  EPERM: ROOT,
  EACCES: ROOT,
  EOPNOTSUPP: {
    en: "the kernel lacks a kind of device: modprobe veth",
    "zh-CN": "内核缺少所需的设备类型：modprobe veth",
  },
  EMFILE: { en: "too many open files: ulimit -n 4096", "zh-CN": "打开的文件过多：ulimit -n 4096" },
  ENOMEM: { en: "there is no memory left", "zh-CN": "内存不足" },
  EADDRINUSE: {
    en: "another program has the port: end it, or give another one",
    "zh-CN": "端口已被占用：请结束占用的程序，或使用其他端口",
  },
};

const fixOf = (call: string, errno: string): LabText =>
  errno === "ENOSPC" && call.includes("unshare") ? NAMESPACES : (FIXES[errno] ?? OTHER);
