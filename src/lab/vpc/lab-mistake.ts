/** What was asked of a running lab cannot be done, and why; the asker's mistake. */
import type { LabText } from "./lab-messages.ts";

export class LabMistake extends Error {
  readonly text: LabText;

  constructor(text: LabText) {
    super(text.en);
    this.name = "LabMistake";
    this.text = text;
  }
}
