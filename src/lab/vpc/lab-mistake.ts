/** Why a request to a running lab cannot be carried out; it is the user's mistake. */
import type { LabText } from "./lab-messages.ts";

export class LabMistake extends Error {
  readonly text: LabText;

  constructor(text: LabText) {
    super(text.en);
    this.name = "LabMistake";
    this.text = text;
  }
}
