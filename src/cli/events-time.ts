/** Times that an operator writes: `1h` ago, `17:30`, `2026-11-30 17:30`, ISO 8601. */
const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * Milliseconds since 1970; undefined if it is no time. Without a zone it is local time; a time of
 * day is today's, or yesterday's if today's is still to come.
 */
export function readTime(given: string, now: Date): number | undefined {
  const duration = /^([0-9]{1,6})([smhdw])$/.exec(given);
  if (duration !== null)
    return now.getTime() - Number(duration[1]) * (UNITS[duration[2] ?? ""] ?? 0);
  const time = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(given);
  if (time !== null) {
    const at = new Date(now);
    at.setHours(Number(time[1]), Number(time[2]), Number(time[3] ?? 0), 0);
    if (at > now) at.setDate(at.getDate() - 1);
    return at.getTime();
  }
  const date =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|[+-]\d\d:\d\d)?)?$/.exec(
      given,
    );
  if (date === null) return undefined;
  const [, day = "", clock = "00:00", zone = ""] = date;
  const at = Date.parse(`${day}T${clock}${zone}`);
  return Number.isNaN(at) ? undefined : at;
}
