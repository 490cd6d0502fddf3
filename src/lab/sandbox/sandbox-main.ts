/** Runs any command in the lab's cage: `sandbox-main.ts PROGRAM ARG…`. The test runner uses it. */
import { explainRefusal, probeSandbox, runInSandbox } from "./sandbox.ts";

const command = process.argv.slice(2);
const sandbox = probeSandbox();
if (command.length === 0) {
  process.stderr.write("usage: sandbox-main.ts PROGRAM ARGUMENT…\n");
  process.exitCode = 2;
} else if (sandbox.kind === "refused") {
  process.stderr.write(`${explainRefusal(sandbox.detail, "en")}\n`);
  process.exitCode = 1;
} else {
  if (sandbox.rootless) {
    process.stderr.write(`not root: running in a user namespace (${sandbox.argv.join(" ")})\n`);
  }
  process.exitCode = await runInSandbox(sandbox, command);
}
