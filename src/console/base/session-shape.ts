/** `GET /api/session`: what the page and its server (src/console-server) agree on. Pure. */

/** A node as the console reaches it. */
export interface NodeEntry {
  /** In paths: `/api/nodes/ID/v1/status`. */
  readonly id: string;
  /** Given at the start; absent: its host name. */
  readonly name?: string;
  /** Where it is asked: a URL, or the folder of a daemon of this machine. */
  readonly address: string;
  readonly isLocal: boolean;
  /** False: it has no token, or only a socket that reads, so nothing can be switched from here. */
  readonly mayAct: boolean;
}

export interface Session {
  readonly version: string;
  readonly nodes: readonly NodeEntry[];
  /** The cloud's endpoint and region, if there is one to show HAVIPs of. */
  readonly cloud?: { readonly endpoint: string; readonly region: string };
  readonly hasLab: boolean;
  /** The folder that drill reports are read from. */
  readonly reports?: string;
}
