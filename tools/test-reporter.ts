/**
 * What `node:test` reports in a test process (tools/test-worker.ts), sent to the runner as it
 * happens.
 *
 * Node.js loads it by `--test-reporter` and takes the default export.
 */
import { plainEvent, type TestEvent } from "./test-events.ts";

async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    process.send?.({ kind: "event", event: plainEvent(event) });
    // A reporter has to yield text; what matters went the other way.
    yield "";
  }
}

// oxlint-disable-next-line import/no-default-export -- Node.js takes nothing else.
export { report as default };
