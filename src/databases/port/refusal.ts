import type { Answer, Text } from "./database.ts";

/** Thrown where a promotion or demotion ends; caught once. */
export class Refusal extends Error {
  readonly answer: Answer;
  constructor(code: string, text: Text) {
    super(code);
    this.answer = { ok: false, code, text };
  }
}
