/**
 * Checks without a process, of a whole daemon: a web server that hangs, ICMP, names of servers that
 * do not answer; what people see of it.
 *
 * Needs: nginx
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { BATON } from "#lab/measure/daemon";
import { changeLink } from "#linux/links";
import { spawnIn } from "#linux/namespace";
import { mustDo } from "#linux/result";
import { until } from "../support/daemon-bench.ts";
import { Witness } from "../support/script-witness.ts";

const INTERVAL = 1;
const TIMEOUT = 0.5;
const FALL = 2;
/** More than a busy machine takes for it. */
const SLACK = 2;

const CONF = `
check web {
    http http://127.0.0.1:8080/health body "all is well"
    interval ${INTERVAL}
    timeout ${TIMEOUT}
    fall ${FALL}
}
check port {
    tcp localhost:8080
    interval 0.2
    weight 5
}
check own {
    ping 192.0.2.1
    interval 0.2
    weight 10
}
check six {
    ping ::1
    interval 0.2
    weight 3
}
check nobody {
    ping 192.0.2.77
    interval 0.2
    weight -7
}
check dns {
    dns 127.0.0.1:5353 www.example.com
    interval 0.2
    weight -1
}
check database {
    mysql 127.0.0.1:3306
    interval 0.5
    weight -2
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    version 3
    virtual_router_id 51
    priority 100
    advert_int 0.2
    virtual_ipaddress {
        192.0.2.101/32
    }
    track_script {
        web
        port
        own
        six
        nobody
        dns
        database
    }
}
`;

const NGINX = `
daemon off;
master_process off;
pid FOLDER/pid;
error_log FOLDER/error.log;
events { }
http {
    access_log off;
    client_body_temp_path FOLDER/body;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    server {
        listen 127.0.0.1:8080;
        location = /health { return 200 "so far all is well\\n"; }
    }
}
`;

function startNginx(witness: Witness): ChildProcess {
  const folder = witness.file("nginx");
  mkdirSync(folder);
  const conf = join(folder, "nginx.conf");
  writeFileSync(conf, NGINX.replaceAll("FOLDER", folder));
  const argv = ["/usr/sbin/nginx", "-p", folder, "-c", conf, "-e", join(folder, "error.log")];
  return spawnIn(witness.cable.left.namespace, argv, {
    stdio: ["ignore", "inherit", "inherit"],
    diesWithParent: true,
  });
}

async function baton(witness: Witness, ...args: readonly string[]): Promise<string> {
  const child = spawnIn(witness.cable.left.namespace, [BATON, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    diesWithParent: true,
  });
  let output = "";
  child.stdout?.on("data", (more: Buffer) => {
    output += more.toString();
  });
  await once(child, "close");
  return output;
}

test("a web server that hangs has failed after the time-out and `fall` intervals; the others beside it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "baton-checks-"));
  const witness = new Witness("baton", folder);
  const { left } = witness.cable;
  mustDo(changeLink(left.rtnetlink, 1, { up: true }));
  const nginx = startNginx(witness);
  const log = (): string => readFileSync(witness.file("log"), "utf8");
  const logged = async (text: string): Promise<void> =>
    await until(text, () => existsSync(witness.file("log")) && log().includes(text));
  const status = async (lang: string): Promise<string> =>
    await baton(witness, "status", "--lang", lang, "--runtime-dir", witness.file("run"));
  try {
    await until("nginx", () => existsSync(witness.file("nginx/pid")));
    witness.configure(CONF);
    witness.start();
    await logged("Entering MASTER STATE");
    for (const name of ["web", "port", "own", "six"])
      await logged(`VRRP_Script(${name}) succeeded`);
    for (const name of ["nobody", "dns", "database"]) await logged(`VRRP_Script(${name}) failed`);
    await logged("Check dns now: 127.0.0.1:5353: nobody listens there (ECONNREFUSED)");
    await logged("Check database now: ");
    nginx.kill("SIGSTOP");
    const stopped = performance.now();
    await logged("VRRP_Script(web) failed");
    const seconds = (performance.now() - stopped) / 1_000;
    await logged("Entering FAULT STATE");
    const least = TIMEOUT + (FALL - 1) * INTERVAL;
    assert.ok(seconds >= least - 0.05, `${seconds} s`);
    assert.ok(seconds <= least + INTERVAL + SLACK, `${seconds} s`);
    const en = await status("en");
    assert.match(en, /check web: .*asked .* ago, 5\d\d ms: no answer within 0\.5 s/);
    assert.match(en, /check own: .*: it replied/);
    assert.match(await status("zh-CN"), /检查 web：失败，.*前查询，5\d\d ms：0\.5 秒内没有应答/);
    // The kernel accepts for a program that hangs.
    assert.match(en, /check port: .*: connected/);
    const live = await baton(witness, "check", "--live", "--json", witness.file("conf"));
    const found = (JSON.parse(live) as { findings: { code: string; message: string }[] }).findings;
    assert.deepEqual(
      found.filter(({ code }) => code === "VR5123").map(({ message }) => message.slice(0, 16)),
      ["check `web` does", "check `nobody` d", "check `dns` does", "check `database`"],
    );
    nginx.kill("SIGCONT");
    await until("web is up", () => log().split("VRRP_Script(web) succeeded").length === 3);
    witness.signal("SIGTERM");
    await witness.ended();
  } catch (error) {
    process.stderr.write(log());
    throw error;
  } finally {
    nginx.kill("SIGKILL");
    if (nginx.exitCode === null && nginx.signalCode === null) await once(nginx, "exit");
    await witness.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
