import type { Language } from "#diagnostics/diagnostic";

/**
 * What a command may touch of the terminal. `main.ts` passes the real one, tests pass one that
 * collects text; no command writes to `process.stdout` itself.
 */
export interface CommandIo {
  /** Text is written as it is: the caller ends its lines. */
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True if standard output is a terminal, where colour and cursor movement are welcome. */
  readonly isTty: boolean;
  /** The width of the terminal, to which help is wrapped. 80 if absent. */
  readonly columns?: number | undefined;
}

/** How text for people is laid out. */
export interface HelpStyle {
  readonly language: Language;
  readonly columns: number | undefined;
  readonly color: boolean;
}
