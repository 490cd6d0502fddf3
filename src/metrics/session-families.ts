/** BFD sessions. */
import type { Family } from "./family.ts";
import type { MetricsReading, SessionReading } from "./reading.ts";
import type { Series } from "./series.ts";

function seriesOf({ series }: MetricsReading, { name, neighbor }: SessionReading): Series {
  const labels = { session: name, neighbor };
  const known = series.get("session", name);
  return known?.labels["neighbor"] === neighbor ? known : series.add("session", name, labels);
}

/** A number of each session. */
const ofSession = (
  name: string,
  type: Family["type"],
  unit: Family["unit"],
  help: string,
  read: (session: SessionReading) => number,
): Family => ({
  name,
  type,
  unit,
  labels: ["session", "neighbor"],
  help,
  write: (reading, put) => {
    for (const one of reading.sessions ?? []) put(seriesOf(reading, one), read(one));
  },
});

export const SESSION_FAMILIES: readonly Family[] = [
  ofSession(
    "baton_bfd_session_up",
    "gauge",
    "0 or 1",
    "Whether a BFD session is up: the neighbor is there.",
    ({ isUp }) => (isUp ? 1 : 0),
  ),
  ofSession(
    "baton_bfd_packets_sent_total",
    "counter",
    "number",
    "Control packets of a BFD session that were sent, since the engine was started.",
    ({ sent }) => sent,
  ),
  ofSession(
    "baton_bfd_packets_received_total",
    "counter",
    "number",
    "Control packets that a BFD session took, since the engine was started.",
    ({ received }) => received,
  ),
  ofSession(
    "baton_bfd_packets_refused_total",
    "counter",
    "number",
    "Packets from the neighbor's address that a BFD session did not take: another TTL, another session, no BFD.",
    ({ refused }) => refused,
  ),
];
