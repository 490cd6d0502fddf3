/** Where the program of a database server runs. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";

/** Starts it where the server is to run: a network namespace, a machine of the lab. */
export type StartProgram = (argv: readonly string[], stdio: StdioOptions) => ChildProcess;

/** It ends with this process, however that ends. */
export const startHere: StartProgram = (argv, stdio) =>
  spawn("setpriv", ["--pdeathsig", "KILL", "--", ...argv], { stdio });
