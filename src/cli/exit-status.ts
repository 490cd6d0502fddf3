/** How `baton check` and `baton run --config-test` end. */
import { CODES } from "#diagnostics/codes";
import type { AnyFinding } from "#diagnostics/diagnostic";

/**
 * keepalived's exit statuses, for scripts: 4 does not run, 5 errors, 6 security. The worst for the
 * service wins.
 */
export function exitStatus(findings: readonly AnyFinding[], wouldRun: boolean): number {
  if (!wouldRun) return 4;
  if (findings.some(({ code }) => CODES[code].severity === "error")) return 5;
  return findings.some(({ code }) => CODES[code].security === true) ? 6 : 0;
}
