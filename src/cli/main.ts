/** The `baton` program: a terminal around `dispatch`. */
import type { CommandIo } from "#command-line/io";

// Before a command is loaded: what is sent to a daemon that is being started is obeyed when it has
// started.
if (process.argv.includes("run")) (await import("#daemon/signals")).catchSignals();

const io: CommandIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  env: process.env,
  isTty: process.stdout.isTTY === true,
  columns: process.stdout.columns,
};

// A reader that has seen enough (`baton status --watch | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? 0 : 1),
);

// Nor is a full disk behind stderr a reason to end: there is nowhere left to say so.
process.stderr.on("error", () => undefined);

try {
  // Here, because what is imported at the top is loaded before signals are caught.
  const { dispatch } = await import("./dispatch.ts");
  process.exitCode = await dispatch(process.argv.slice(2), io);
} catch (error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`baton: internal error: ${text}\n`);
  process.exitCode = 70;
}
