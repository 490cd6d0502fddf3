/** What the daemon's parts log with; `open-log.ts` makes one. */

export type Level = "error" | "warning" | "info" | "debug";
export type LogFormat = "text" | "json";
/** Members of the JSON form. */
export type Fields = Readonly<Record<string, unknown>>;

/** Never blocks and never throws. */
export interface Log {
  (level: Level, text: string, fields?: Fields): void;
  /** How many lines could not be written; one that two readers missed counts twice. */
  readonly dropped: () => number;
}
