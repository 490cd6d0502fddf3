/** VR207x in Chinese: the HTTP API. */
import type { Facts } from "../facts.ts";
import type { CodeFamily, Messages } from "../messages.ts";

const WRONG: Readonly<Record<Facts["VR2070"]["why"], string>> = {
  form: "既不是“地址:端口”，也不是 `unix:` 加路径",
  name: "不是地址",
  port: "不是端口，应为 1 到 65535",
  path: "不是长度不超过 107 字节的绝对路径",
};

const INSTEAD: Readonly<Record<Facts["VR2070"]["why"], string>> = {
  form: "请写 `listen 127.0.0.1:9650`、`listen [::1]:9650` 或 `listen unix:/run/baton/other.sock`",
  name: "请写数字地址：用 `127.0.0.1` 而不是 `localhost`，用 `0.0.0.0` 而不是 `*`；IPv6 地址加方括号：`[::1]:9650`",
  port: "请在地址后写端口，例如 `127.0.0.1:9650`",
  path: "请写完整路径，例如 `unix:/run/baton/other.sock`",
};

export const API: Messages<CodeFamily<"VR207">> = {
  VR2070: ({ text, why }) => ({
    message: `API 无法监听 \`${text}\``,
    label: WRONG[why],
    notes: ["这一行不会生效"],
    help: INSTEAD[why],
  }),
  VR2071: ({ text, lacksTls, lacksCallers }) => ({
    message: `\`listen ${text}\` 对网络开放，却${
      lacksTls && lacksCallers
        ? "既没有 TLS 也没有令牌"
        : lacksTls
          ? "没有 TLS：途中的任何人都能读到令牌"
          : "没有令牌：能连上的任何人都可以移动地址"
    }`,
    label: "不会这样开放",
    notes: ["这一行不会生效；块中的其他地址不受影响"],
    help: lacksTls
      ? `请加上 \`tls { cert_file … key_file … }\`${lacksCallers ? " 和 `token_file …`（或 `client_ca_file …`）" : ""}，或只监听 127.0.0.1，由代理对外提供服务`
      : "请加上 `token_file /etc/baton/api.token`；如果调用方使用证书，请在 `tls` 中加上 `client_ca_file`",
  }),
  VR2072: ({ missing }) => ({
    message: `\`tls\` 缺少 \`${missing}\`：证书和私钥必须成对给出`,
    label: `缺少 \`${missing}\``,
    notes: ["缺少任何一个都不会启用 TLS"],
    help: `请加上 \`${missing} /etc/baton/${missing === "cert_file" ? "api.crt" : "api.key"}\``,
  }),
  VR2073: ({ keyword, text }) => ({
    message: `\`${keyword} ${text}\` 不是绝对路径`,
    label: "应以 `/` 开头",
    help: "守护进程没有可作起点的目录：请写完整路径",
  }),
};
