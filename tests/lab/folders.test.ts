/** The lab's folders: nobody else's word is taken, and what has died is cleared away. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { askLab, findLab, labBase, takeLab, unsafeSentence } from "#cli/lab-folder";
import { PARKING, shadowSystemFolders } from "#lab/sandbox/folders";
import { makeScratch } from "#lab/sandbox/scratch";
import { lockFile } from "#linux/lock-file";

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "baton-folders-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("a lab in a folder that others may write, or behind a link, is not spoken to", async (context) => {
  const base = join(folder(context), "labs");
  const lab = join(base, "default");
  mkdirSync(lab, { recursive: true, mode: 0o700 });
  let answerLine = '{"ok":true}';
  const server = createServer((socket) => socket.resume().end(`${answerLine}\n`));
  context.after(() => server.close());
  await new Promise<void>((done) => {
    server.listen(join(lab, "control.sock"), () => done());
  });
  chmodSync(base, 0o700);
  const ask = async (path: string): Promise<string> => {
    const asked = await askLab(path, { command: "status" });
    return asked.kind === "unsafe" ? asked.problem.kind : asked.kind;
  };
  assert.equal(await ask(lab), "answer");
  answerLine = '{"ok":true,"status":{}}';
  assert.equal(await ask(lab), "unknown-answer");
  assert.equal(await ask(join(base, "other")), "nobody");
  chmodSync(lab, 0o770);
  assert.equal(await ask(lab), "writable-by-others");
  chmodSync(lab, 0o700);
  chmodSync(base, 0o777);
  assert.equal(await ask(lab), "writable-by-others");
  chmodSync(base, 0o1777);
  assert.equal(
    await ask(lab),
    "writable-by-others",
    "sticky is for folders like /tmp, not for ours",
  );
  chmodSync(base, 0o700);
  symlinkSync(lab, join(base, "linked"));
  assert.equal(await ask(join(base, "linked")), "link");
  const taken = takeLab("linked", { BATON_LAB_DIR: base });
  assert.equal(taken.kind, "ours", "a link in our own folder is ours to remove");
  assert.ok(existsSync(join(lab, "control.sock")), "and is not followed");
  if (taken.kind === "ours") taken.release();
  rmSync(join(lab, "control.sock"));
  writeFileSync(join(lab, "control.sock"), "");
  assert.equal(findLab(lab, "control.sock").kind, "nobody", "no socket");
});

test("one lab of a name; the folders of labs that have died are cleared away, those of others are not", (context) => {
  const base = join(folder(context), "labs");
  const env = { BATON_LAB_DIR: base };
  const first = takeLab("one", env);
  assert.ok(first.kind === "ours");
  assert.equal(takeLab("one", env).kind, "up");
  writeFileSync(join(base, "one", "file"), "");
  // As `kill -9` leaves them: a folder and a lock that nobody holds.
  mkdirSync(join(base, "dead"));
  writeFileSync(join(base, "dead.lock"), "");
  mkdirSync(join(base, "unrelated"));
  const second = takeLab("two", env);
  assert.ok(second.kind === "ours");
  assert.ok(existsSync(join(base, "one", "file")), "alive");
  assert.ok(!existsSync(join(base, "dead")));
  assert.ok(existsSync(join(base, "unrelated")), "not known to be a lab");
  first.release();
  second.release();
  assert.ok(!existsSync(join(base, "one")));
});

test("the folder is the user's own: named, of the session, of the system, or the user's in the temporary folder", (context) => {
  const own = folder(context);
  assert.equal(labBase({ BATON_LAB_DIR: "/x" }), "/x");
  assert.equal(labBase({ XDG_RUNTIME_DIR: own }), join(own, "baton-lab"));
  const elsewhere = labBase({ XDG_RUNTIME_DIR: join(own, "nothing") });
  assert.match(elsewhere, /^\/run\/baton-lab$|baton-lab-\d+$/);
  for (const language of ["en", "zh-CN"] as const) {
    const said = unsafeSentence({ kind: "owned-by-another", path: "/x", uid: 65_534 }, language);
    assert.match(said, /65534.*BATON_LAB_DIR/);
  }
});

test("a run that was killed leaves a folder that the next one clears away, a running one keeps its own", (context) => {
  const parent = folder(context);
  const running = makeScratch(parent);
  const killed = join(parent, "baton-lab-AbCdEf");
  mkdirSync(killed, { mode: 0o700 });
  writeFileSync(join(killed, "lock"), "");
  const shared = join(parent, "baton-lab-ZbCdEf");
  mkdirSync(shared);
  writeFileSync(join(shared, "lock"), "");
  chmodSync(shared, 0o777);
  const next = makeScratch(parent);
  assert.ok(existsSync(running.folder) && existsSync(next.folder));
  assert.ok(!existsSync(killed));
  assert.ok(existsSync(shared), "others may write there: its owner cannot be known");
  assert.equal(lockFile(join(running.folder, "lock")).kind, "taken");
  running.remove();
  next.remove();
  assert.ok(!existsSync(running.folder) && !existsSync(next.folder));
});

test("the folders of the machine itself are not covered", (context) => {
  const mark = process.env["BATON_LAB_SANDBOX"];
  context.after(() => {
    if (mark !== undefined) process.env["BATON_LAB_SANDBOX"] = mark;
  });
  Reflect.deleteProperty(process.env, "BATON_LAB_SANDBOX");
  assert.throws(shadowSystemFolders, /only be covered in a cage/);
  assert.ok(!existsSync("/etc/.baton-lab"));
});

test("no test mounts over the folder where the labs of its sandbox keep the machine's /etc", () => {
  const files = globSync("tests/{namespaces,support}/**/*.ts");
  assert.ok(files.length > 50);
  const offenders = files.filter((file) => {
    const text = readFileSync(file, "utf8");
    return PARKING.some((folder) => new RegExp(`^const .* = "${folder}[/"]`, "m").test(text));
  });
  assert.deepEqual(offenders, []);
});
