/** A finding to a diagnostic in one language. */
import { CODES, type Code } from "../codes.ts";
import type { AnyFinding, Diagnostic, Language } from "../diagnostic.ts";
import { ENGLISH } from "../en/messages.ts";
import type { Facts } from "../facts.ts";
import type { Message } from "../messages.ts";
import { CHINESE } from "../zh/messages.ts";

function messageOf<C extends Code>(code: C, facts: Facts[C], language: Language): Message {
  return language === "en" ? ENGLISH[code](facts) : CHINESE[code](facts);
}

export function toDiagnostic(finding: AnyFinding, language: Language): Diagnostic {
  const text = messageOf<Code>(finding.code, finding.facts as never, language);
  const labels = text.related ?? [];
  return {
    code: finding.code,
    severity: CODES[finding.code].severity,
    message: text.message,
    primary: { span: finding.primary, text: text.label ?? "" },
    related: finding.related.map((span, index) => ({
      span,
      text: labels[Math.min(index, labels.length - 1)] ?? "",
    })),
    notes: text.notes ?? [],
    ...(text.help === undefined ? {} : { help: text.help }),
    ...(finding.fix === undefined || finding.fix.isSecret === true ? {} : { fix: finding.fix }),
  };
}
