/** What was asked of a running lab cannot be done, and why; the asker's mistake. */
import type { Words } from "./lab-messages.ts";

export class LabMistake extends Error {
  readonly words: Words;

  constructor(words: Words) {
    super(words.en);
    this.name = "LabMistake";
    this.words = words;
  }
}
