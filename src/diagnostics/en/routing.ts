/** Routes and policy rules in English. */
import type { RoutingFacts, RoutingProblem } from "../facts-routing.ts";
import type { Messages } from "../messages.ts";

const LABEL: Readonly<Record<RoutingProblem, string>> = {
  "unknown-word": "not understood",
  missing: "what belongs behind it is missing",
  "not-a-number": "not a number",
  "out-of-range": "out of range",
  "not-an-address": "an address or a network is expected",
  "not-a-choice": "not one of its values",
  "other-family": "IPv4 and IPv6 on one line",
  "ipv6-only": "`from` and `expires` are for IPv6 only",
  "no-action": "no table and no action",
  "no-priority": "`goto` needs a `priority`",
  "priority-behind": "`goto` leads forward only: to a larger priority",
  "not-supported": "keepalived understands it, Baton does not",
};

export const ROUTING: Messages<keyof RoutingFacts> = {
  VR2140: ({ block, word, why, suggestion }) => ({
    message: `this would run without a line of \`${block}\`, because of \`${word}\``,
    label: LABEL[why],
    notes: ["the whole line is left out, so traffic may leave the wrong way"],
    ...(suggestion === undefined ? {} : { help: `did you mean \`${suggestion}\`?` }),
  }),
};
