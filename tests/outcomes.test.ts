/**
 * Every result that can be a failure is used. A refused prolongation of the lease that nobody
 * looked at kept a master from answering, so the rule is kept by the compiler's own
 * types, wherever such a result comes from:
 *
 *   a failure    `{ ok: false }`, or `{ kind: "failed" | "refused" | ... }`, alone, in a union
 *                or in a promise
 *   discarded    an expression statement, `void`, one side of `&&`, `||`, `??`, `?:` or `,` in
 *                such a statement, or the value of an arrow function that is called for
 *                nothing (`forEach`, a listener)
 *
 * Where nothing can follow from a failure, `void` says so, with the reason in a comment before it.
 *
 * Own process: the compiler's interface listens for the end of the process.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Expression, Node, SourceFile } from "typescript/unstable/ast";
import {
  isArrowFunction,
  isAwaitExpression,
  isBinaryExpression,
  isCallExpression,
  isConditionalExpression,
  isExpressionStatement,
  isNonNullExpression,
  isParenthesizedExpression,
  isVoidExpression,
} from "typescript/unstable/ast/is";
import {
  API,
  type Checker,
  type Project,
  SignatureKind,
  type Type,
  TypeFlags,
} from "typescript/unstable/sync";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const FAILURE_KINDS = ["failed", "refused", "rejected", "unreachable"];

/** A call with a value that goes nowhere. */
interface Discarded {
  readonly call: Expression;
  /** `void call()`: allowed with a reason. */
  readonly isVoid: boolean;
}

/** The calls at the ends of an expression with a value that nobody takes. */
function callsIn(expression: Expression, isVoid = false): Discarded[] {
  if (isCallExpression(expression)) return [{ call: expression, isVoid }];
  if (isVoidExpression(expression)) return callsIn(expression.expression, true);
  if (isAwaitExpression(expression)) {
    const inside = callsIn(expression.expression, isVoid);
    return inside.length > 0 ? inside : [{ call: expression, isVoid }];
  }
  if (isParenthesizedExpression(expression) || isNonNullExpression(expression))
    return callsIn(expression.expression, isVoid);
  if (isConditionalExpression(expression))
    return [...callsIn(expression.whenTrue, isVoid), ...callsIn(expression.whenFalse, isVoid)];
  if (!isBinaryExpression(expression)) return [];
  const operator = expression.operatorToken.getText();
  if (["&&", "||", "??"].includes(operator)) return callsIn(expression.right, isVoid);
  return operator === ","
    ? [...callsIn(expression.left, isVoid), ...callsIn(expression.right, isVoid)]
    : [];
}

/**
 * Memory for one program: asking the compiler for a property of a type is a message to another
 * process.
 */
class FailureTypes {
  readonly #checker: Checker;
  readonly #known = new Map<number, boolean>();

  constructor(checker: Checker) {
    this.#checker = checker;
  }

  includesFailure(type: Type): boolean {
    const known = this.#known.get(type.id);
    if (known !== undefined) return known;
    this.#known.set(type.id, false);
    const found = this.#look(type);
    this.#known.set(type.id, found);
    return found;
  }

  #look(type: Type): boolean {
    if (type.isUnionType()) return type.getTypes().some((one) => this.includesFailure(one));
    if ((type.flags & TypeFlags.Object) === 0) return false;
    if (type.isTypeReference() && type.getSymbol()?.name === "Promise")
      return this.#checker.getTypeArguments(type).some((one) => this.includesFailure(one));
    return (
      this.#has(type, "ok", (text) => text === "false") || this.#has(type, "kind", isFailureKind)
    );
  }

  #has(type: Type, name: string, matches: (text: string) => boolean): boolean {
    const property = this.#checker.getPropertyOfType(type, name);
    const of = property && this.#checker.getTypeOfSymbol(property);
    return of !== undefined && matches(this.#checker.typeToString(of));
  }
}

const isFailureKind = (text: string): boolean => FAILURE_KINDS.some((kind) => text === `"${kind}"`);

function isForNothing(checker: Checker, arrow: Expression): boolean {
  const wanted = checker.getContextualType(arrow);
  if (wanted === undefined) return false;
  return checker.getSignaturesOfType(wanted, SignatureKind.Call).some((signature) => {
    const returned = checker.getReturnTypeOfSignature(signature);
    return returned !== undefined && (returned.flags & TypeFlags.Void) !== 0;
  });
}

function discardedIn(checker: Checker, source: SourceFile): Discarded[] {
  const found: Discarded[] = [];
  const visit = (node: Node): void => {
    if (isExpressionStatement(node)) found.push(...callsIn(node.expression));
    if (isArrowFunction(node)) {
      const calls = callsIn(node.body as Expression);
      if (calls.length > 0 && isForNothing(checker, node)) found.push(...calls);
    }
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

/** A comment is on one of the two lines before: the condition may stand between. */
function hasReason(source: SourceFile, node: Node): boolean {
  const lines = source.text.slice(0, node.getStart(source)).split("\n");
  return lines.slice(-3, -1).some((line) => /^\s*(?:\/\/|\*|\/\*)/.test(line));
}

function problemsOf(project: Project, folder: string): string[] {
  const { checker, program } = project;
  const types = new FailureTypes(checker);
  const problems: string[] = [];
  for (const name of program.getSourceFileNames()) {
    const path = relative(folder, name);
    if (!/^(?:src|tools)\//.test(path)) continue;
    const source = program.getSourceFile(name);
    assert.ok(source !== undefined, name);
    const calls = discardedIn(checker, source);
    const found = checker.getTypeAtLocation(calls.map(({ call }) => call));
    for (const [index, { call, isVoid }] of calls.entries()) {
      const type = found[index];
      if (type === undefined || !types.includesFailure(type)) continue;
      if (isVoid && hasReason(source, call)) continue;
      const line = source.text.slice(0, call.getStart(source)).split("\n").length;
      const what = isVoid ? "void without a comment before it" : "discarded";
      problems.push(`${path}:${line}: ${checker.typeToString(type)} ${what}`);
    }
  }
  return problems;
}

function check(folder: string): string[] {
  const api = new API({ cwd: folder });
  try {
    const config = join(folder, "tsconfig.json");
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    assert.ok(project !== undefined, "the compiler opens the project");
    return problemsOf(project, folder);
  } finally {
    api.close();
  }
}

test("every way to discard a failure is seen", () => {
  const folder = mkdtempSync(join(root, "node_modules", ".outcomes-"));
  try {
    mkdirSync(join(folder, "src"));
    const text = [
      "type Outcome = { readonly ok: true } | { readonly ok: false; readonly errno: string };",
      'type Answer = { readonly kind: "done" } | { readonly kind: "refused" };',
      "declare const f: () => Outcome;",
      "declare const g: (() => Answer) | undefined;",
      "declare const h: () => Promise<Outcome>;",
      "declare const plain: () => { readonly ok: true };",
      "declare const flag: boolean;",
      "f();", // 8
      "g?.();",
      "flag && f();",
      "flag ? plain() : f();",
      "await h();", // 12
      "void h();",
      "[1].forEach(() => f());", // 14
      "// It cannot matter: the process ends.",
      "void f();",
      "plain();",
      "export const taken = [f(), [1].map(() => f()), (flag ? f() : plain()).ok];",
      "export const later = (): Outcome => f();",
    ].join("\n");
    writeFileSync(join(folder, "src", "a.ts"), text);
    const options = { target: "esnext", module: "nodenext", strict: true, noEmit: true };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: options, include: ["src"] }),
    );
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    assert.deepEqual(
      check(folder).map((problem) => /^src\/a\.ts:(\d+):/.exec(problem)?.[1]),
      ["8", "9", "10", "11", "12", "13", "14"],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("no result that can be a failure is discarded", () => {
  const problems = check(root);
  assert.equal(problems.length, 0, `\n  ${problems.join("\n  ")}`);
});
