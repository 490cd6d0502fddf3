/** The emulator by itself; the same as `baton cloud serve`. */
import { serve } from "./serve.ts";

process.exitCode = await serve(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  env: process.env,
});
