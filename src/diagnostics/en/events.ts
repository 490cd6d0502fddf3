/** VR209x in English: how much of what happened is kept. */
import type { Facts } from "../facts.ts";
import type { CodeFamily, Messages } from "../messages.ts";

const FORM: Readonly<Record<Facts["VR2090"]["keyword"], string>> = {
  keep: "a number with `h`, `d` or `w`, from 1h to 100 years (`36500d`)",
  max_size: "a number with `M` or `G`, from `1M` to `16G`",
  max_entries: "a number from 1000 to 10000000",
};
const EXAMPLE: Readonly<Record<Facts["VR2090"]["keyword"], string>> = {
  keep: "400d",
  max_size: "64M",
  max_entries: "100000",
};

export const EVENTS: Messages<CodeFamily<"VR209">> = {
  VR2090: ({ keyword, text, why }) => ({
    message: `\`${keyword} ${text}\` is ${why === "form" ? "not understood" : "out of range"}`,
    label: `wanted: ${FORM[keyword]}`,
    notes: [`the line is not carried out: \`${keyword} ${EXAMPLE[keyword]}\` counts`],
    help: `write for example \`${keyword} ${EXAMPLE[keyword]}\``,
  }),
};
