/** What is wrong with a line, where the sentence alone says what to write instead. */
import { type Accepts, type Text, text } from "./definition.ts";

/** Thrown by a command for what only it can see on its line; ends with the usage and status 2. */
export class UsageError extends Error {
  readonly sentence: Text;

  constructor(sentence: Text) {
    super(sentence.en);
    this.sentence = sentence;
  }
}

/** Thrown for a command that there is not; what was meant is looked for among those that are. */
export class NoSuchCommandError extends Error {
  readonly word: string;
  readonly known: readonly string[];

  constructor(word: string, known: readonly string[]) {
    super(`there is no command ${word}`);
    this.word = word;
    this.known = known;
  }
}

export const needsValue = (option: string): Text =>
  text(`\`${option}\` needs a value`, `\`${option}\` 需要一个值`);

export const takesNoValue = (option: string): Text =>
  text(`\`${option}\` takes no value`, `\`${option}\` 不带值`);

export const notAccepted = (option: string, value: string, { wanted }: Accepts): Text =>
  text(
    `\`${option}\` is ${wanted.en}, not \`${value}\``,
    `\`${option}\` 应为 ${wanted["zh-CN"]}，而不是 \`${value}\``,
  );

export const missingOperand = (name: string): Text =>
  text(`an argument is missing: ${name}`, `缺少参数：${name}`);

export const extraOperand = (word: string, advice: Text | undefined): Text =>
  text(
    `\`${word}\` is one argument too many${advice === undefined ? "" : `; ${advice.en}`}`,
    `参数 \`${word}\` 多余${advice === undefined ? "" : `；${advice["zh-CN"]}`}`,
  );
