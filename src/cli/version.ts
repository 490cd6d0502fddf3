/** `baton version`, which prints the version from `package.json`. */
import { readFileSync } from "node:fs";
import { defineCommand } from "#command-line/command";
import { type Command, text } from "#command-line/definition";
import { resourceUrl } from "#units/installation";

const MANIFEST = resourceUrl("package.json");

export const BATON_VERSION: string = readVersion();

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(MANIFEST, "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "unknown";
}

export const command: Command = defineCommand({
  name: "version",
  summary: text("Prints the version.", "显示版本。"),
  options: {},
  run: ({ io }) => {
    io.stdout(`baton ${BATON_VERSION}\n`);
    return 0;
  },
});
