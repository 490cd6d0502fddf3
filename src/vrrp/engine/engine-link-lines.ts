/**
 * Messages to the engine as lines. The one place besides the wire where a password leaves its
 * `Secret`: the pipe between the two processes, which nobody else can read.
 */

import { Secret } from "#units/secret";
import type { InstanceConfig, SigningConfig } from "../router/config.ts";
import type { ToEngine } from "./engine-link.ts";

type Revealed = Omit<InstanceConfig, "authentication" | "signing"> & {
  readonly authentication?: { readonly kind: "pass"; readonly secret: string };
  readonly signing?: Omit<SigningConfig, "keys"> & {
    readonly keys: readonly { readonly id: number; readonly secret: string }[];
  };
};

/** Without the line end. */
export function printToEngine(message: ToEngine): string {
  if (message.type !== "configure") return JSON.stringify(message);
  return JSON.stringify({ ...message, instances: message.instances.map(reveal) });
}

/** Trusts the line: the supervisor is the same program from the same checkout. */
export function readToEngine(line: string): ToEngine {
  const message = JSON.parse(line) as ToEngine | RevealedConfigure;
  if (message.type !== "configure") return message;
  return { ...message, instances: (message.instances as readonly Revealed[]).map(hide) };
}

type RevealedConfigure = Omit<Extract<ToEngine, { type: "configure" }>, "instances"> & {
  readonly instances: readonly Revealed[];
};

function reveal(config: InstanceConfig): Revealed {
  const { authentication, signing, ...rest } = config;
  return {
    ...rest,
    ...(authentication && {
      authentication: { kind: authentication.kind, secret: authentication.secret.reveal() },
    }),
    ...(signing && {
      signing: {
        ...signing,
        keys: signing.keys.map(({ id, secret }) => ({ id, secret: secret.reveal() })),
      },
    }),
  };
}

function hide(config: Revealed): InstanceConfig {
  const { authentication, signing, ...rest } = config;
  return {
    ...rest,
    ...(authentication && {
      authentication: { kind: authentication.kind, secret: new Secret(authentication.secret) },
    }),
    ...(signing && {
      signing: {
        ...signing,
        keys: signing.keys.map(({ id, secret }) => ({ id, secret: new Secret(secret) })),
      },
    }),
  };
}
