/**
 * Mail of `smtp_alert` by Baton and by keepalived 2.2.7 to a real mail server, over the same
 * changes of state: the same letters, field by field. Each difference that is meant is named here.
 *
 * Needs: keepalived, aiosmtpd
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { findKeepalived } from "#lab/measure/daemon";
import { type LetterTaken, MailServer, skipMail } from "../support/mail-server.ts";
import { type Kind, Witness } from "../support/script-witness.ts";

const skip = findKeepalived() === undefined ? "needs keepalived" : skipMail;

const instance = (number: number, more: string): string => `
vrrp_instance VI_${number} {
    state BACKUP
    interface eth0
    version 3
    virtual_router_id ${50 + number}
    priority 100
    advert_int 0.2
    virtual_ipaddress {
        192.0.2.${100 + number}/32
    }
    ${more}
}
`;
const TRACKED = "track_script {\n        gate\n    }";

const head = (more = ""): string => `
global_defs {
    router_id LVS_1
    notification_email {
        ops@example.com
        second@example.com third@example.com
    }
    notification_email_from node@example.org
    smtp_server 127.0.0.1 2525
    smtp_connect_timeout 5
    smtp_helo_name node1.example.org
    ${more}
}
vrrp_script gate {
    script "/usr/bin/test ! -e FOLDER/sick"
    interval 1
    user root
}
vrrp_sync_group G1 {
    group {
        VI_1
    }
}
`;
/** The third is removed by the reload, as is the fourth, which has a script for that. */
const BEFORE = `${head("smtp_alert")}${instance(1, TRACKED)}${instance(2, "smtp_alert off")}`;
const REMOVED = `${instance(3, "")}${instance(4, 'notify_deleted "/bin/true"')}`;

/** Everything of a letter but its time and what Baton adds. */
interface Fields {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly subject: string | undefined;
  readonly line: string | undefined;
}

const fieldsOf = ({ sender, recipients, headers, body }: LetterTaken): Fields => ({
  sender,
  recipients,
  from: headers.get("from"),
  to: headers.get("to"),
  subject: headers.get("subject"),
  line: body.split("\n")[0],
});

const bySubject = (letters: readonly LetterTaken[]): readonly Fields[] =>
  letters.map(fieldsOf).toSorted((a, b) => ((a.subject ?? "") < (b.subject ?? "") ? -1 : 1));

interface Step {
  readonly name: string;
  readonly letters: readonly LetterTaken[];
}

/** Nothing is expected to come later. */
const SETTLE_MS = 700;

async function scenario(kind: Kind, folder: string): Promise<readonly Step[]> {
  const witness = new Witness(kind, folder);
  const server = await MailServer.start(witness.cable.left, witness.file("mail"));
  const steps: Step[] = [];
  const step = async (name: string, expected: number): Promise<void> => {
    const before = steps.reduce((sum, { letters }) => sum + letters.length, 0);
    await server.untilCount(before + expected);
    await sleep(SETTLE_MS);
    steps.push({ name, letters: server.take() });
  };
  try {
    witness.configure(`${BEFORE}${REMOVED}`);
    witness.start();
    // BACKUP and MASTER of the first, third, fourth and of the group.
    await step("start", 8);
    writeFileSync(witness.file("sick"), "");
    await step("fault", 2);
    rmSync(witness.file("sick"));
    await step("recovery", 4);
    witness.configure(BEFORE);
    witness.signal("SIGHUP");
    await step("reload", 2);
    witness.configure(BEFORE.replace("smtp_alert\n", "smtp_alert\n    no_email_faults\n"));
    witness.signal("SIGHUP");
    await sleep(SETTLE_MS);
    writeFileSync(witness.file("sick"), "");
    await sleep(2_000);
    await step("fault without mail", 0);
    witness.signal("SIGTERM");
    await witness.ended();
    await step("stop", 0);
    return steps;
  } catch (error) {
    process.stderr.write(readFileSync(witness.file("log"), "utf8"));
    throw error;
  } finally {
    await server.close();
    await witness.close();
  }
}

test("the same letters as keepalived's, with the reason below", { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "baton-mail-"));
  try {
    const [keepalived, baton] = await Promise.all([
      scenario("keepalived", folder),
      scenario("baton", folder),
    ]);
    for (const [at, { name, letters }] of keepalived.entries()) {
      const ours = baton[at]?.letters ?? [];
      if (name === "stop") {
        // keepalived opens the connection and exits before it has sent its letter.
        assert.deepEqual(bySubject(letters), [], name);
        const subjects = bySubject(ours).map(({ subject }) => subject);
        assert.deepEqual(subjects, [
          "[LVS_1] VRRP Group G1 - Stopping",
          "[LVS_1] VRRP Instance VI_1 - Stopping",
        ]);
        continue;
      }
      assert.deepEqual(bySubject(ours), bySubject(letters), name);
    }
    const all = baton.flatMap(({ letters }) => letters);
    for (const letter of all) {
      assert.match(letter.headers.get("x-mailer") ?? "", /^Baton /);
      assert.equal(letter.headers.get("auto-submitted"), "auto-generated");
      assert.equal(letter.headers.get("content-transfer-encoding"), "7bit");
      assert.match(
        letter.headers.get("date") ?? "",
        /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/,
      );
    }
    const fault = baton[1]?.letters.find(({ headers }) =>
      /VI_1/.test(headers.get("subject") ?? ""),
    );
    assert.match(fault?.body ?? "", /\nReason: the check `?gate`? failed\n/);
    assert.match(fault?.body ?? "", /\nBefore: MASTER\n/);
    assert.match(fault?.body ?? "", /\nAddresses: 192\.0\.2\.101\/32\n/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
