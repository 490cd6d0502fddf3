/** What a code means, as `baton explain VR1002` prints it. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type PageBlock, readCodePage } from "#diagnostics/render/code-page";
import { language, t } from "../../base/language.ts";
import { text } from "../../base/text.ts";

const MISSING = text("There is no page for this code.", "没有此编号的说明页。");

export function Explanation({ code }: { readonly code: string }): JSX.Element | null {
  const [page, setPage] = useState<string | undefined>(undefined);
  useEffect(() => {
    let isOpen = true;
    void import("./code-pages.ts").then(({ pageOf }) => {
      if (isOpen) setPage(pageOf(code) ?? "");
    });
    return () => {
      isOpen = false;
    };
  }, [code]);
  if (page === undefined) return null;
  if (page === "") return <p class="muted">{t(MISSING)}</p>;
  const blocks = readCodePage(page, language.value).filter(
    // Both stand in the finding above.
    ({ kind }) => kind !== "title" && kind !== "severity",
  );
  return (
    <div class="explanation">
      {blocks.map((block, index) => (
        <Block key={index} block={block} />
      ))}
    </div>
  );
}

function Block({ block }: { readonly block: PageBlock }): JSX.Element {
  switch (block.kind) {
    case "title":
    case "heading":
      return <h4>{block.text}</h4>;
    case "severity":
    case "text":
      return (
        <p>
          <WithCode text={block.text} />
        </p>
      );
    case "example":
      return (
        <pre class="example" tabIndex={0}>
          {block.lines.join("\n")}
        </pre>
      );
    case "table":
      return <Table rows={block.rows} />;
  }
}

function Table({ rows }: { readonly rows: readonly (readonly string[])[] }): JSX.Element {
  const [head = [], ...body] = rows;
  return (
    <div class="table-scroll">
      <table class="rows">
        <thead>
          <tr>
            {head.map((cell) => (
              <th key={cell} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>
                  <WithCode text={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A text with code in backticks. */
export function WithCode({ text: sentence }: { readonly text: string }): JSX.Element {
  return (
    <>
      {sentence
        .split("`")
        .map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}
    </>
  );
}
