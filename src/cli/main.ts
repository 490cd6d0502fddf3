/** The `baton` program: a terminal around `dispatch`. */
import type { CommandIo } from "#command-line/io";

// This comes before a command is loaded, so that a signal sent to a daemon that is still
// starting is obeyed once it has started.
if (process.argv.includes("run")) (await import("#daemon/signals")).catchSignals();

const io: CommandIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  env: process.env,
  isTty: process.stdout.isTTY === true,
  columns: process.stdout.columns,
};

// It is no error if a reader has seen enough (`baton status --watch | head`).
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? 0 : 1),
);

// Nor is a full disk behind stderr a reason to end: there is nowhere left to report it.
process.stderr.on("error", () => undefined);

try {
  // Imported here, because imports at the top are loaded before signals are caught.
  const { dispatch } = await import("./dispatch.ts");
  process.exitCode = await dispatch(process.argv.slice(2), io);
} catch (error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`baton: internal error: ${text}\n`);
  process.exitCode = 70;
}
