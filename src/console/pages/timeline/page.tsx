import type { JSX } from "preact";
import { t } from "../../base/language.ts";
import { text } from "../../base/text.ts";
import { PageHead } from "../../parts/page-head.tsx";

export function TimelinePage(): JSX.Element {
  return <PageHead title={t(text("Timeline", "时间线"))} />;
}
