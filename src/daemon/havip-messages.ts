/** Messages of the loop that asks the cloud, in both languages. */

import type { ContrarySign, View } from "#cloud/agreement/agreement-state";
import type { Language } from "#diagnostics/diagnostic";
import { times } from "#diagnostics/numbers";

export interface HavipMessages {
  readonly agrees: (about: { address: string; seconds: string }) => string;
  readonly disagrees: (about: {
    address: string;
    seconds: string;
    view: View;
    announcements: number;
  }) => string;
  readonly lost: (about: { address: string; view: View }) => string;
  readonly disputed: (about: { address: string; rival: string | undefined }) => string;
  readonly doubted: (about: { address: string; sign: ContrarySign }) => string;
  readonly sign: (sign: ContrarySign) => string;
  readonly view: (view: View) => string;
  readonly noEndpoint: (text: string) => string;
  readonly noCredentials: (lookedAt: readonly string[]) => string;
  readonly noCredentialsIn: (path: string) => string;
  readonly noRegion: string;
  readonly noInstance: string;
  readonly badRegion: (text: string) => string;
  readonly badInstance: (text: string) => string;
}

const ENGLISH: HavipMessages = {
  agrees: ({ address, seconds }) => `the platform agrees: ${address} is ours, after ${seconds} s`,
  disagrees: ({ address, seconds, view, announcements }) =>
    `MASTER but the platform does not agree for ${seconds} s: ${address}: ${ENGLISH.view(view)}; announced again ${times(announcements)}`,
  lost: ({ address, view }) =>
    `MASTER and ${address} moved away: ${ENGLISH.view(view)}; claiming it again`,
  disputed: ({ address, rival }) =>
    rival === undefined
      ? `MASTER and ${address} moved away and back since the last question: another node announces it too, or somebody unbound it`
      : `MASTER and ${rival} announces ${address} too: two nodes own it and do not hear each other; the cloud sends to whoever announced last`,
  doubted: ({ address, sign }) =>
    `whether the platform still agrees about ${address} is in doubt: ${ENGLISH.sign(sign)}; asking again`,
  sign: (sign) =>
    sign === "rival-master"
      ? "another router advertises itself as MASTER"
      : "another machine announced the address",
  view: (view) => {
    switch (view.kind) {
      case "ours":
        return "it is ours";
      case "theirs":
        return view.instanceId === "" ? "bound to nobody" : `bound to ${view.instanceId}`;
      case "no-havip":
        return "no HAVIP of our subnets";
      case "unknown":
        return view.why === "" ? "no answer yet" : `no answer (${view.why})`;
    }
  },
  noEndpoint: (text) => `${text} is not an endpoint`,
  noCredentials: (lookedAt) => `no usable credentials in ${lookedAt.join(", ")}`,
  noCredentialsIn: (path) => `no usable credentials in ${path}, or it cannot be read`,
  badRegion: (text) => `${text} is no name of a region, such as ap-guangzhou`,
  badInstance: (text) => `${text} is no id of an instance, such as ins-1a2b3c4d`,
  noRegion: "no region: neither in the configuration, the environment nor the metadata",
  noInstance: "the metadata do not say which instance this is",
};

const CHINESE: HavipMessages = {
  agrees: ({ address, seconds }) => `云平台已确认：${address} 属于本机，用时 ${seconds} 秒`,
  disagrees: ({ address, seconds, view, announcements }) =>
    `本机是 MASTER，但云平台已 ${seconds} 秒未认可：${address}：${CHINESE.view(view)}；已再次宣告 ${announcements} 次`,
  lost: ({ address, view }) =>
    `本机是 MASTER，但 ${address} 已被移走：${CHINESE.view(view)}；正在再次宣告`,
  disputed: ({ address, rival }) =>
    rival === undefined
      ? `本机是 MASTER，但自上次核对以来 ${address} 曾被移走又移回：另有节点也在宣告该地址，或有人解绑了它`
      : `本机是 MASTER，但 ${rival} 也在宣告 ${address}：两个节点同时持有该地址且互相收不到通告；云平台把流量发往最后宣告者`,
  doubted: ({ address, sign }) =>
    `云平台是否仍认可 ${address} 存疑：${CHINESE.sign(sign)}；正在重新核对`,
  sign: (sign) =>
    sign === "rival-master" ? "另有路由器以 MASTER 身份发送通告" : "另有机器宣告了该地址",
  view: (view) => {
    switch (view.kind) {
      case "ours":
        return "属于本机";
      case "theirs":
        return view.instanceId === "" ? "未绑定任何实例" : `绑定在 ${view.instanceId}`;
      case "no-havip":
        return "本机子网中没有这个 HAVIP";
      case "unknown":
        return view.why === "" ? "尚无应答" : `没有应答（${view.why}）`;
    }
  },
  noEndpoint: (text) => `${text} 不是接入点`,
  noCredentials: (lookedAt) => `没有找到可用的密钥，已查找 ${lookedAt.join("、")}`,
  noCredentialsIn: (path) => `${path} 中没有可用的密钥，或无法读取`,
  badRegion: (text) => `${text} 不是地域名，应形如 ap-guangzhou`,
  badInstance: (text) => `${text} 不是实例 ID，应形如 ins-1a2b3c4d`,
  noRegion: "没有地域：配置、环境变量和实例元数据中都没有",
  noInstance: "实例元数据没有说明本机是哪个实例",
};

export const havipMessages = (language: Language): HavipMessages =>
  language === "en" ? ENGLISH : CHINESE;
