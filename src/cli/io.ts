/**
 * What a command may touch of the terminal. `main.ts` passes the real one, tests pass arrays; no command writes to
 * `process.stdout` itself.
 *
 * A command is one file `src/cli/NAME.ts` that exports `command`; `main.ts` imports it only when it is asked for.
 */
export interface CommandIo {
  /** Text is written as it is: the caller ends its lines. */
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output is a terminal: colour and cursor movement are welcome (unless `NO_COLOR` is in `env`). */
  readonly isTty: boolean;
}

/** `args` without the command's own name. The result is the exit code: 0 done, 1 failed, 2 wrong usage. */
export type Command = (args: readonly string[], io: CommandIo) => Promise<number>;
