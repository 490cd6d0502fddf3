/** The JSON of a request in the shape that a route takes, or the refusal that says why not. */
import type { Context } from "hono";
import { printJsonProblem } from "#json/problem";
import { parseJson, readShape, type Shape } from "#json/shape";
import { problem, text } from "./problem.ts";

export type ReadBody<Body> =
  | { readonly kind: "body"; readonly body: Body }
  | { readonly kind: "refused"; readonly response: Response };

export async function readBody<Body>(
  context: Context,
  shape: Shape<Body>,
): Promise<ReadBody<Body>> {
  const value = parseJson(await context.req.text());
  const read = value === undefined ? undefined : readShape(shape, value);
  if (read?.kind === "value") return { kind: "body", body: read.value };
  const why =
    read === undefined
      ? ["it is not JSON", "不是 JSON"]
      : [
          printJsonProblem(read.problem, "the body"),
          printJsonProblem(read.problem, "请求体", "zh-CN"),
        ];
  return {
    kind: "refused",
    response: problem(context, {
      status: 422,
      detail: text(`the request cannot be understood: ${why[0]}`, `无法理解此请求：${why[1]}`),
    }),
  };
}
