/**
 * Text of others (a configuration, the output of a script, a cloud's answer) on their way to a
 * terminal or a log: characters that would steer the terminal, or turn the direction of writing,
 * become a visible mark. Lines and tabs stay.
 */
const MARK = "·";

const STEERING = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Most texts: nothing to look for. */
const PLAIN = /^[ -~]*$/;

export const visible = (text: string): string =>
  PLAIN.test(text) ? text : text.replaceAll(STEERING, MARK);
