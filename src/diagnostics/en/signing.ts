/** VR213x in English: `auth_hmac`. */
import type { Facts } from "../facts.ts";
import type { CodeFamily, Messages } from "../messages.ts";

const WRONG: Readonly<Record<Facts["VR2130"]["why"], string>> = {
  id: "the number of a key is 1 to 255",
  hex: "behind `hex:` there are pairs of hexadecimal digits and nothing else",
  letters: "a key as text has the printable letters of ASCII; write others as `hex:`",
  length: "a key has 32 to 64 bytes",
};

const LACKS: Readonly<Record<Facts["VR2132"]["lacks"], string>> = {
  key: "it has no `key`",
  active_key: "it has no `active_key`",
  "that key": "there is no such key",
};

export const SIGNING: Messages<CodeFamily<"VR213">> = {
  VR2130: ({ why, bytes, path }) => ({
    message: `${path === undefined ? "this key" : `the key in \`${path}\``} cannot be used: ${WRONG[why]}${why === "length" ? `, not ${bytes}` : ""}`,
    label: "not a key",
    notes: ["keepalived would run without signatures; Baton does not start so"],
    help: "make one with `openssl rand -hex 32`, and write `key 1 hex:…` on every node",
  }),
  VR2131: ({ id }) => ({
    message: `there is a key ${id} already, and the first one counts`,
    label: `a second key ${id}`,
    help: "give the new key another number, and change `active_key` when every node has it",
  }),
  VR2132: ({ instance, lacks, active }) => ({
    message: `\`${instance}\` cannot sign${active === undefined ? "" : ` with key ${active}`}: ${LACKS[lacks]}`,
    label: lacks === "that key" ? "no such key" : "incomplete",
    notes: ["keepalived would run without signatures; Baton does not start so"],
    help: "write `key 1 hex:…` and `active_key 1`",
  }),
  VR2133: ({ instance }) => ({
    message: `\`${instance}\` signs its advertisements, so the password is not sent`,
    label: "dropped",
    help: "remove the block once every node signs",
  }),
  VR2134: () => ({
    message: "`time_window` has no effect with `anti_replay monotonic`",
    label: "not looked at",
  }),
  VR2135: ({ instance, mode }) => ({
    message:
      mode === "permissive"
        ? `\`${instance}\` accepts advertisements without a signature, so anybody can forge them`
        : `\`${instance}\` sends no signatures and accepts what has none: a step of the change to \`auth_hmac\``,
    label: "not the last step",
    help:
      mode === "permissive"
        ? "when every node is permissive, write `mode enforce` on each"
        : "when every node has the key, write `mode permissive` on each, then `mode enforce`",
  }),
};
