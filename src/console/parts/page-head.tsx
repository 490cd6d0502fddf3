/** The heading of a page, what it is about, and what can be done on all of it. */
import type { ComponentChildren, JSX } from "preact";

export interface PageHeadProps {
  readonly title: string;
  readonly about?: ComponentChildren;
  readonly children?: ComponentChildren;
}

export function PageHead({ title, about, children }: PageHeadProps): JSX.Element {
  return (
    <div class="page-head">
      <div class="stack tight">
        <h1>{title}</h1>
        {about !== undefined && <p>{about}</p>}
      </div>
      {children !== undefined && <div class="row">{children}</div>}
    </div>
  );
}
