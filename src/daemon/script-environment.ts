/**
 * A script's environment: the path of programs, its user, language and time zone, and what it
 * is given (`BATON_…`). Nothing else of the daemon's environment is passed on: cloud keys,
 * passwords in the unit file and the service manager's sockets are not for the programs of
 * other users. keepalived passes everything on.
 */
import { findHome, type Identity } from "./account.ts";

/** The `PATH` if the daemon itself has none. */
export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Taken over from the daemon as they are. None of them can hold a secret or change which code a
 * program loads.
 */
const HANDED_ON = /^(?:PATH|TZ|LANG|LANGUAGE|LC_[A-Z]+)$/;

export function scriptEnvironment(
  identity: Identity,
  self: number,
  daemon: Readonly<Record<string, string | undefined>>,
  home: (uid: number) => string | undefined = findHome,
): Readonly<Record<string, string>> {
  const environment: Record<string, string> = { PATH: DEFAULT_PATH };
  for (const [name, value] of Object.entries(daemon)) {
    if (value !== undefined && HANDED_ON.test(name)) environment[name] = value;
  }
  const { name } = identity;
  return { ...environment, HOME: home(identity.uid ?? self) ?? "/", USER: name, LOGNAME: name };
}
