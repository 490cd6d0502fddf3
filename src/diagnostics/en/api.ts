/** VR207x in English: the HTTP API. */
import type { Facts } from "../facts.ts";
import type { CodeFamily, Messages } from "../messages.ts";

const WRONG: Readonly<Record<Facts["VR2070"]["why"], string>> = {
  form: "neither an address with a port nor `unix:` with a path",
  name: "not an address",
  port: "not a port, from 1 to 65535",
  path: "not an absolute path of at most 107 bytes",
};

const INSTEAD: Readonly<Record<Facts["VR2070"]["why"], string>> = {
  form: "write `listen 127.0.0.1:9650`, `listen [::1]:9650` or `listen unix:/run/baton/other.sock`",
  name: "write the number: `127.0.0.1` instead of `localhost`, `0.0.0.0` instead of `*`; IPv6 stands in brackets: `[::1]:9650`",
  port: "write a port behind the address, such as `127.0.0.1:9650`",
  path: "write the whole path, such as `unix:/run/baton/other.sock`",
};

export const API: Messages<CodeFamily<"VR207">> = {
  VR2070: ({ text, why }) => ({
    message: `the API cannot listen on \`${text}\``,
    label: WRONG[why],
    notes: ["the line is not carried out"],
    help: INSTEAD[why],
  }),
  VR2071: ({ text, lacksTls, lacksCallers }) => ({
    message: `\`listen ${text}\` is open to the network ${
      lacksTls && lacksCallers
        ? "without TLS and without a token"
        : lacksTls
          ? "without TLS: whoever listens on the way reads the token"
          : "without a token: whoever reaches it may move the address"
    }`,
    label: "not opened like this",
    notes: ["the line is not carried out; other addresses of the block are"],
    help: lacksTls
      ? `add \`tls { cert_file … key_file … }\`${lacksCallers ? " and `token_file …` (or `client_ca_file …`)" : ""}, or listen on 127.0.0.1 and let a proxy do it`
      : "add `token_file /etc/baton/api.token`, or `client_ca_file` in `tls` for callers with certificates",
  }),
  VR2072: ({ missing }) => ({
    message: `\`tls\` without \`${missing}\`: a certificate and its key belong together`,
    label: `\`${missing}\` is missing`,
    notes: ["without both there is no TLS"],
    help: `add \`${missing} /etc/baton/${missing === "cert_file" ? "api.crt" : "api.key"}\``,
  }),
  VR2073: ({ keyword, text }) => ({
    message: `\`${keyword} ${text}\` is not an absolute path`,
    label: "does not begin with `/`",
    help: "the daemon has no folder of its own that it could begin from: write the whole path",
  }),
};
