/**
 * systemd's readiness protocol (sd_notify): one datagram to the Unix socket that the environment
 * names.
 */
import type { Outcome } from "#vrrp/engine/world";
import { UnixDatagrams } from "./unix-datagram.ts";

/** @param path `$NOTIFY_SOCKET`: a path, or `@name` for an abstract socket */
export function sdNotify(path: string, message: string): Outcome {
  const opened = UnixDatagrams.open(path);
  if (!opened.ok) return opened;
  using socket = opened.value;
  return socket.send(new TextEncoder().encode(message));
}
