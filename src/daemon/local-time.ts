/**
 * An instant for people: local time with its zone, `2026-11-30 16:15:02.123 +08:00`. Programs
 * get ISO 8601 in UTC.
 */
const two = (value: number): string => String(value).padStart(2, "0");

export function printLocalTime(at: Date): string {
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  const millis = String(at.getMilliseconds()).padStart(3, "0");
  // The minutes to add to local time for UTC: the opposite sign of what people write.
  const offset = -at.getTimezoneOffset();
  const sign = offset < 0 ? "-" : "+";
  const zone = `${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${date} ${time}.${millis} ${sign}${zone}`;
}
