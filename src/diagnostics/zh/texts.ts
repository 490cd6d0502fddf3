/** 中文。 */
import type { Code } from "../codes.ts";
import type { Texts } from "../texts.ts";
import { ADVICE } from "./advice.ts";
import { DIFFERS } from "./differs.ts";
import { MACHINE } from "./machine.ts";
import { SYNTAX } from "./syntax.ts";
import { PAIR, VALUES } from "./values.ts";

export const CHINESE: Texts<Code> = {
  ...SYNTAX,
  ...VALUES,
  ...PAIR,
  ...ADVICE,
  ...DIFFERS,
  ...MACHINE,
};
