/**
 * Rules of the core, each broken once. `find` occurs exactly once in the file; a reader sees which
 * rule is gone.
 */
export interface Mutant {
  readonly file: string;
  readonly rule: string;
  readonly find: string;
  readonly replace: string;
}

/** Mutants of one file of a folder, each as the rule, the text to find, and what stands for it. */
export const mutantsIn =
  (folder: string) =>
  (file: string, ...list: readonly (readonly [string, string, string])[]): Mutant[] =>
    list.map(([rule, find, replace]) => ({ file: `${folder}/${file}.ts`, rule, find, replace }));
