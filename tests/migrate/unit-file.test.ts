/** What is read of keepalived's unit, and what becomes of it in Baton's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { printDropIn, quoteArgument, sortUnit } from "#migrate/drop-in";
import { readCommandLine, readEnvironmentFile, readUnit, splitQuoted } from "#migrate/unit-file";

/** `systemctl cat keepalived`: Debian's file, and an operator's drop-in. */
const UNIT = `# /lib/systemd/system/keepalived.service
[Unit]
Description=Keepalive Daemon (LVS and VRRP)
After=network-online.target
Wants=network-online.target
ConditionFileNotEmpty=/etc/keepalived/keepalived.conf

[Service]
Type=notify
EnvironmentFile=-/etc/default/keepalived
ExecStart=/usr/sbin/keepalived --dont-fork $DAEMON_ARGS
ExecReload=/bin/kill -HUP $MAINPID

[Install]
WantedBy=multi-user.target

# /etc/systemd/system/keepalived.service.d/site.conf
[Unit]
After=mysql.service \\
; a comment in between
  nginx.service
OnFailure=page@%n.service
[Service]
Environment="SITE=east side" RACK=4
User=keepalived
ExecStartPre=/usr/local/bin/wait-for-bond
ExecStart=
ExecStart=-/usr/sbin/keepalived -n $DAEMON_ARGS
LimitNOFILE=65536
`;

const printed = (text: string): readonly string[] =>
  readUnit(text).map(({ section, key, value }) => `${section}.${key}=${value}`);

test("a unit file is read with its drop-ins: continued lines, comments, lists that are emptied", () => {
  const lines = printed(UNIT);
  assert.ok(lines.includes("Unit.After=mysql.service nginx.service"));
  assert.ok(lines.includes("Service.ExecStart=-/usr/sbin/keepalived -n $DAEMON_ARGS"));
  assert.ok(!lines.includes("Service.ExecStart=/usr/sbin/keepalived --dont-fork $DAEMON_ARGS"));
});

test("order, environment and limits are carried over; what nobody carries is named", () => {
  const { carried, left } = sortUnit(readUnit(UNIT));
  const text = printDropIn({
    keepalivedUnit: "keepalived.service",
    carried,
    program: "/usr/bin/baton",
    args: ["-n", "-f", "/etc/keepalived/my file.conf"],
  });
  assert.equal(
    text,
    `# Made by \`baton migrate\` from keepalived.service; \`baton migrate --undo\` removes it.
[Unit]
After=network-online.target
Wants=network-online.target
After=mysql.service nginx.service
OnFailure=page@%n.service
[Service]
EnvironmentFile=-/etc/default/keepalived
Environment="SITE=east side" RACK=4
LimitNOFILE=65536
ExecStart=
ExecStart=/usr/bin/baton run -n -f "/etc/keepalived/my file.conf" $BATON_OPTIONS
`,
  );
  assert.deepEqual(
    left.map(({ key }) => key),
    ["User", "ExecStartPre"],
  );
});

test("a command line: prefixes, $NAME as several arguments, ${NAME} as one, quotes", () => {
  const environment = new Map([
    ["ARGS", `-D -f "/a b"`],
    ["ONE", "x y"],
  ]);
  assert.deepEqual(
    readCommandLine("-!/usr/sbin/keepalived -n $ARGS ${ONE} 50%% $$5 $NONE", environment),
    ["/usr/sbin/keepalived", "-n", "-D", "-f", "/a b", "x y", "50%", "$5"],
  );
});

test("an environment file: quotes, comments, lines that are none", () => {
  const found = readEnvironmentFile(`# DAEMON_ARGS are appended
DAEMON_ARGS="-D -S 1"
; KEEPALIVED_OPTIONS=no
KEEPALIVED_OPTIONS='-x'
not a line
SITE = east
`);
  assert.deepEqual(
    [...found],
    [
      ["DAEMON_ARGS", "-D -S 1"],
      ["KEEPALIVED_OPTIONS", "-x"],
      ["SITE", "east"],
    ],
  );
});

test("an argument that is written into a unit is read from it as it was", () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !/[\0\r\n]/.test(text)),
      (argument) => {
        const line = `/bin/program ${quoteArgument(argument)} end`;
        assert.deepEqual(readCommandLine(line, new Map()), ["/bin/program", argument, "end"]);
      },
    ),
  );
});

test("nothing that a unit file says ends the reading", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      readUnit(text);
      splitQuoted(text);
      readEnvironmentFile(text);
      readCommandLine(text, new Map());
    }),
  );
});
