/** 中文。 */
import type { Code } from "../codes.ts";
import type { Messages } from "../messages.ts";
import { ADVICE } from "./advice.ts";
import { DIFFERS } from "./differs.ts";
import { CHECKS, GATE } from "./gate-block.ts";
import { MACHINE } from "./machine.ts";
import { ROUTING } from "./routing.ts";
import { SIGNING } from "./signing.ts";
import { SYNTAX } from "./syntax.ts";
import { PAIR, VALUES } from "./values.ts";
import { VMAC } from "./vmac.ts";

export const CHINESE: Messages<Code> = {
  ...SYNTAX,
  ...VALUES,
  ...PAIR,
  ...ADVICE,
  ...DIFFERS,
  ...MACHINE,
  ...GATE,
  ...CHECKS,
  ...SIGNING,
  ...VMAC,
  ...ROUTING,
};
