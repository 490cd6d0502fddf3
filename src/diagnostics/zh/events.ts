/** VR209x in Chinese: how much of what happened is kept. */
import type { Facts } from "../facts.ts";
import type { CodeFamily, Messages } from "../messages.ts";

const FORM: Readonly<Record<Facts["VR2090"]["keyword"], string>> = {
  keep: "数字加 `h`、`d` 或 `w`，从 1h 到 100 年（`36500d`）",
  max_size: "数字加 `M` 或 `G`，从 `1M` 到 `16G`",
  max_entries: "1000 到 10000000 的数字",
};
const EXAMPLE: Readonly<Record<Facts["VR2090"]["keyword"], string>> = {
  keep: "400d",
  max_size: "64M",
  max_entries: "100000",
};

export const EVENTS: Messages<CodeFamily<"VR209">> = {
  VR2090: ({ keyword, text, why }) => ({
    message: `\`${keyword} ${text}\` ${why === "form" ? "无法识别" : "超出范围"}`,
    label: `应为${FORM[keyword]}`,
    notes: [`这一行不会生效，按 \`${keyword} ${EXAMPLE[keyword]}\` 处理`],
    help: `例如写 \`${keyword} ${EXAMPLE[keyword]}\``,
  }),
};
