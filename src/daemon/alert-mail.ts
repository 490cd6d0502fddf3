/**
 * Mail by SMTP, as keepalived's settings say. nodemailer's two parts, the letter and the
 * connection, are loaded with the first mail; the rest of it would cost 7 MB more (ADR 31).
 *
 * As keepalived it asks for no password. Unlike it, it encrypts where the server offers that; the
 * certificate is not verified, since the alternative is no encryption at all (RFC 7435).
 */
import type { MailAddress, MailPlan } from "#keepalived/plan/run-plan";
import { toMillis, toSeconds } from "#units/time";
import { visible } from "#units/visible";
import type { CallFailure, CallOutcome } from "./alert-outcome.ts";
import { VERSION } from "./status.ts";

export interface Letter {
  readonly subject: string;
  readonly text: string;
  readonly at: Date;
}

/** What keepalived has as defaults. */
export interface MailHost {
  /** As `hostname` prints it. */
  readonly name: string;
  readonly user: string;
}

const RESPONSE_MAX = 65_536;
const TEXT_MAX = 200;

/** Never rejects for what a server does. */
export async function sendLetter(
  plan: MailPlan,
  letter: Letter,
  host: MailHost,
): Promise<CallOutcome> {
  const [{ default: MailComposer }, { default: SmtpConnection }] = await Promise.all([
    import("nodemailer/lib/mail-composer"),
    import("nodemailer/lib/smtp-connection"),
  ]);
  const from: MailAddress = plan.from ?? { address: `${host.user}@${host.name}` };
  const composed = new MailComposer({
    from: named(from),
    to: plan.to.map(named),
    subject: letter.subject,
    text: letter.text,
    date: letter.at,
    // RFC 3834: nobody's holiday answer comes back.
    headers: { "X-Mailer": `Baton ${VERSION}`, "Auto-Submitted": "auto-generated" },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const bytes = await composed.compile().build();
  const milliseconds = toMillis(plan.connectTimeout);
  const connection = new SmtpConnection({
    host: plan.server.host,
    port: plan.server.port,
    name: plan.helo ?? host.name,
    secure: false,
    opportunisticTLS: true,
    tls: { rejectUnauthorized: false },
    connectionTimeout: milliseconds,
    greetingTimeout: milliseconds,
    socketTimeout: milliseconds,
    dnsTimeout: milliseconds,
    maxResponseSize: RESPONSE_MAX,
  });
  const envelope = { from: from.address, to: plan.to.map(({ address }) => address) };
  return await new Promise<CallOutcome>((resolve) => {
    // What comes after the result is nobody's; without a listener it would end the daemon.
    connection.on("error", (error) => fail(error));
    const fail = (error: unknown): void => {
      resolve(failureOf(error, toSeconds(plan.connectTimeout)));
      connection.close();
    };
    connection.once("end", () => fail(Object.assign(new Error("closed"), { code: "ECONNRESET" })));
    connection.connect((problem) => {
      if (problem) return fail(problem);
      connection.send(envelope, bytes, (error, info) => {
        if (error) return fail(error);
        const refused = (info?.rejected ?? []).map((one) => visible(String(one)));
        resolve({ kind: "arrived", ...(refused.length === 0 ? {} : { refused }) });
        // Ends when the server has answered, or with the time-out.
        connection.quit();
      });
    });
  });
}

const named = ({ name, address }: MailAddress): { name: string; address: string } => ({
  name: name ?? "",
  address,
});

/** nodemailer's errors carry the server's answer, or the system's name of what failed. */
function failureOf(error: unknown, seconds: number): CallOutcome {
  const { responseCode, response, code, message } = fieldsOf(error);
  const failed = (isForGood: boolean, why: CallFailure): CallOutcome => ({
    kind: "failed",
    isForGood,
    why,
  });
  if (responseCode !== undefined) {
    const text = visible((response ?? message).replace(/^\d{3}[ -]?/, "").slice(0, TEXT_MAX));
    // RFC 5321 4.2.1: 5yz is for good, 4yz is not now.
    return failed(responseCode >= 500, { kind: "refused", code: String(responseCode), text });
  }
  if (code === "ETIMEDOUT") return failed(false, { kind: "timeout", seconds });
  // `connect ECONNREFUSED 127.0.0.1:25` says more than its class, ESOCKET.
  const named = /\b(E[A-Z]{3,})\b/.exec(message)?.[1];
  return failed(false, {
    kind: "unreachable",
    errno: named ?? code ?? visible(message.slice(0, TEXT_MAX)),
  });
}

interface ErrorFields {
  readonly responseCode: number | undefined;
  readonly response: string | undefined;
  readonly code: string | undefined;
  readonly message: string;
}

function fieldsOf(error: unknown): ErrorFields {
  if (!(error instanceof Error))
    return {
      responseCode: undefined,
      response: undefined,
      code: undefined,
      message: String(error),
    };
  const { responseCode, response, code } = error as Error & Readonly<Record<string, unknown>>;
  return {
    responseCode: typeof responseCode === "number" ? responseCode : undefined,
    response: typeof response === "string" ? response : undefined,
    code: typeof code === "string" ? code : undefined,
    message: error.message,
  };
}
