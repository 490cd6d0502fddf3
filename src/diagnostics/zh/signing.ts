/** VR213x in Chinese: `auth_hmac`. */
import type { Facts } from "../facts.ts";
import type { CodeFamily, Messages } from "../messages.ts";

const WRONG: Readonly<Record<Facts["VR2130"]["why"], string>> = {
  id: "密钥编号只能是 1 到 255",
  hex: "`hex:` 后面只能是成对的十六进制数字",
  letters: "文本密钥只能用可打印的 ASCII 字符，其他内容请写成 `hex:`",
  length: "密钥长度应为 32 到 64 字节",
};

const LACKS: Readonly<Record<Facts["VR2132"]["lacks"], string>> = {
  key: "没有 `key`",
  active_key: "没有 `active_key`",
  "that key": "没有这个密钥",
};

export const SIGNING: Messages<CodeFamily<"VR213">> = {
  VR2130: ({ why, bytes, path }) => ({
    message: `${path === undefined ? "这个密钥" : `\`${path}\` 中的密钥`}不能用：${WRONG[why]}${why === "length" ? `，现在是 ${bytes} 字节` : ""}`,
    label: "不是有效的密钥",
    notes: ["keepalived 会在没有签名的情况下运行；Baton 不会这样启动"],
    help: "用 `openssl rand -hex 32` 生成，在每个节点写 `key 1 hex:…`",
  }),
  VR2131: ({ id }) => ({
    message: `密钥 ${id} 已经有了，以第一个为准`,
    label: `第二个密钥 ${id}`,
    help: "给新密钥另取编号，等每个节点都有了它再改 `active_key`",
  }),
  VR2132: ({ instance, lacks, active }) => ({
    message: `\`${instance}\` 无法${active === undefined ? "签名" : `用密钥 ${active} 签名`}：${LACKS[lacks]}`,
    label: lacks === "that key" ? "没有这个密钥" : "不完整",
    notes: ["keepalived 会在没有签名的情况下运行；Baton 不会这样启动"],
    help: "写上 `key 1 hex:…` 和 `active_key 1`",
  }),
  VR2133: ({ instance }) => ({
    message: `\`${instance}\` 的通告带签名，因此不再发送密码`,
    label: "会被丢弃",
    help: "等每个节点都签名后，删掉这一段",
  }),
  VR2134: () => ({
    message: "`anti_replay monotonic` 时 `time_window` 不起作用",
    label: "不起作用",
  }),
  VR2135: ({ instance, mode }) => ({
    message:
      mode === "permissive"
        ? `\`${instance}\` 接受没有签名的通告，任何人都能伪造`
        : `\`${instance}\` 不发送签名，也接受没有签名的通告：这只是启用 \`auth_hmac\` 的中间一步`,
    label: "还不是最后一步",
    help:
      mode === "permissive"
        ? "等每个节点都是 permissive 后，逐台改成 `mode enforce`"
        : "等每个节点都有了密钥，逐台改成 `mode permissive`，再改成 `mode enforce`",
  }),
};
