/** Who asked for an action: the kernel says it of a socket, a token or certificate over HTTP. */
export type Caller =
  | {
      readonly via: "socket";
      readonly uid: number | undefined;
      /** As /etc/passwd says. */
      readonly user: string | undefined;
    }
  | {
      readonly via: "api";
      /** Of the token or of the certificate. */
      readonly name: string;
      /** `127.0.0.1:4711` */
      readonly from: string;
    }
  /** A signal, whoever sent it. */
  | { readonly via: "signal"; readonly signal: string };

/** `root (socket)`, `ops (api, 127.0.0.1:4711)`, `SIGHUP` */
export function printCaller(caller: Caller): string {
  switch (caller.via) {
    case "socket":
      return `${caller.user ?? caller.uid ?? "?"} (socket)`;
    case "api":
      return `${caller.name} (api, ${caller.from})`;
    case "signal":
      return caller.signal;
  }
}
