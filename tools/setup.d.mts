export const TOOLS: Readonly<Record<string, string>>;
export function neededBy(text: string): readonly string[];
export function missingTools(tools: readonly string[]): readonly string[];
export function installTools(missing: readonly string[], say: (text: string) => void): boolean;
