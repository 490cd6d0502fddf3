/** `events`: Baton's own. How much of what happened is kept. */
import { block, flag, type Keyword, type KeywordTable, table, text, yes } from "./keyword.ts";

/** At the root, as `api`. */
export const EVENTS_BLOCK: Keyword = {
  word: "events",
  takes: block("events", false),
  since: "baton",
  default: "on",
  acts: yes,
  purpose: "how much of what happened is kept for `baton events`",
};

export const EVENTS: KeywordTable = table([
  {
    word: "keep",
    takes: text,
    since: "baton",
    default: "400d",
    acts: yes,
    purpose: "how long an event is kept: 12h, 30d, 8w; the last 1,000 stay in any case",
  },
  {
    word: "max_size",
    takes: text,
    since: "baton",
    default: "64M",
    acts: yes,
    purpose: "size of the file, 1M to 16G; beyond it the oldest go",
  },
  {
    word: "max_entries",
    takes: text,
    since: "baton",
    default: "100000",
    acts: yes,
    purpose: "number of events, 1000 to 10000000; beyond it the oldest go",
  },
  {
    word: "off",
    takes: flag,
    since: "baton",
    acts: yes,
    purpose: "nothing is kept, and the thread that would write it is not started",
  },
]);
