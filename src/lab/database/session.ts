/** One connection of the load, whatever the database. */

/** A statement that failed. */
export class StatementFailed extends Error {
  readonly code: string;
  /** It was the server's answer, and the connection can go on. */
  readonly isAnswer: boolean;

  constructor(code: string, isAnswer: boolean) {
    super(code);
    this.code = code;
    this.isAnswer = isAnswer;
  }
}

export interface Session {
  /** The number of the server that answers: the node's, from 1. */
  readonly server: number;
  /** Resolves when the row is acknowledged. @throws StatementFailed */
  write(writer: number, seq: number): Promise<void>;
  /** The greatest number of a writer that the server shows; 0: none. @throws StatementFailed */
  newest(writer: number): Promise<number>;
  destroy(): void;
}

type Ending<T> = (error: StatementFailed | undefined, value?: T) => void;

/** What `begin` ends with; a failure after so many milliseconds. */
export function within<T>(milliseconds: number, begin: (end: Ending<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new StatementFailed("no answer", false)), milliseconds);
    begin((error, value) => {
      clearTimeout(timer);
      if (error === undefined) resolve(value as T);
      else reject(error);
    });
  });
}
