/**
 * Resolves names of users and groups to numbers (passwd(5), group(5); accounts of a directory
 * service through `getent`).
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { UserPlan } from "#keepalived/plan/run-plan";
import type { StartProblem } from "./start-problem.ts";

export interface Identity {
  readonly name: string;
  /** Undefined for the daemon's own account: there is nothing to change. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

export type Resolved =
  | { readonly kind: "identity"; readonly identity: Identity }
  | { readonly kind: "problem"; readonly problem: StartProblem };

export interface Self {
  readonly uid: number;
  readonly gid: number;
}

/**
 * keepalived's default account: used if it exists and no `script_user` or `user` says
 * otherwise.
 */
const DEFAULT_USER = "keepalived_script";

const identity = (name: string, uid: number | undefined, gid: number | undefined): Resolved => ({
  kind: "identity",
  identity: { name, uid, gid },
});
const problem = (one: StartProblem): Resolved => ({ kind: "problem", problem: one });

export function resolveIdentity(
  plan: UserPlan | undefined,
  self: Self,
  find: FindAccount = findAccount,
): Resolved {
  const isRoot = self.uid === 0;
  if (plan === undefined) {
    const standard = isRoot ? find("passwd", DEFAULT_USER) : undefined;
    return standard === undefined
      ? identity(isRoot ? "root" : String(self.uid), undefined, undefined)
      : identity(DEFAULT_USER, standard.id, standard.group);
  }
  const account = find("passwd", plan.user);
  if (account === undefined) return problem({ kind: "no-such-user", name: plan.user });
  const group = plan.group === undefined ? undefined : find("group", plan.group);
  if (plan.group !== undefined && group === undefined) {
    return problem({ kind: "no-such-group", name: plan.group });
  }
  const gid = group?.id ?? account.group;
  if (account.id === self.uid && gid === self.gid) return identity(plan.user, undefined, undefined);
  if (!isRoot) return problem({ kind: "not-root", user: plan.user });
  return identity(plan.user, account.id, gid);
}

export interface Account {
  readonly id: number;
  /** A user's primary group. */
  readonly group: number;
}
export type FindAccount = (database: "passwd" | "group", name: string) => Account | undefined;

/** The home folder of the user with this number. */
export function findHome(uid: number): string | undefined {
  let text = "";
  try {
    text = readFileSync("/etc/passwd", "utf8");
  } catch {
    // Not in the file: the directory service is asked.
  }
  return homeIn(text, uid) ?? homeIn(askDirectory("passwd", String(uid)), uid);
}

function homeIn(text: string, uid: number): string | undefined {
  for (const line of text.split("\n")) {
    const [, , id, , , home] = line.split(":");
    if (id === String(uid) && home?.startsWith("/") === true) return home;
  }
  return undefined;
}

const ID_MAX = 0xfffffffe;

export function findAccount(database: "passwd" | "group", name: string): Account | undefined {
  if (/^[0-9]{1,10}$/.test(name) && Number(name) <= ID_MAX) {
    return byNumber(database, Number(name));
  }
  return inFile(database, name) ?? inDirectory(database, name);
}

/** The name of the user with this number, without asking a directory service. */
export function findUser(uid: number): string | undefined {
  try {
    for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
      const [name, , id] = line.split(":");
      if (id === String(uid)) return name;
    }
  } catch {
    // Not in the file: the number has to do.
  }
  return undefined;
}

/** Its members may read: the status, and what happened. */
export const READERS = "baton";

/** Without asking a directory service, which may hang when a machine starts. */
export const groupInFile = (name: string): number | undefined => inFile("group", name)?.id;

function inFile(database: string, name: string): Account | undefined {
  try {
    return findLine(readFileSync(`/etc/${database}`, "utf8"), name);
  } catch {
    return undefined;
  }
}

function inDirectory(database: string, name: string): Account | undefined {
  return name.startsWith("-") ? undefined : findLine(askDirectory(database, name), name);
}

/**
 * LDAP, sssd and others, if glibc's tool is installed. A directory service that hangs must not
 * hang the daemon.
 */
function askDirectory(database: string, name: string): string {
  const asked = spawnSync("getent", [database, name], {
    encoding: "utf8",
    timeout: 2_000,
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "ignore"],
  });
  return asked.status === 0 ? asked.stdout : "";
}

function findLine(text: string, name: string): Account | undefined {
  for (const line of text.split("\n")) {
    const [found, , id, group] = line.split(":");
    if (found === name && id !== undefined) return { id: Number(id), group: Number(group ?? id) };
  }
  return undefined;
}

/** A number need not be in any file. A user that is in the file has the group named there. */
function byNumber(database: "passwd" | "group", id: number): Account {
  let text = "";
  try {
    text = readFileSync(`/etc/${database}`, "utf8");
  } catch {
    // Without a file, the number itself is enough.
  }
  for (const line of text.split("\n")) {
    const [, , found, group] = line.split(":");
    if (found === String(id)) return { id, group: Number(group ?? id) };
  }
  return { id, group: id };
}
