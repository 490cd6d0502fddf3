/** Between the check page and its worker. */
import type { Source } from "#diagnostics/source";
import type { Examined, ExamineRequest } from "./examine.ts";

export type WorkerRequest =
  | ({ readonly kind: "examine"; readonly id: number } & ExamineRequest)
  | ({ readonly kind: "fix-all"; readonly id: number } & ExamineRequest);

export type WorkerAnswer =
  | { readonly kind: "examined"; readonly id: number; readonly examined: Examined }
  | {
      readonly kind: "fixed";
      readonly id: number;
      readonly files: readonly Source[];
      readonly count: number;
    };
