export const TOOLS: Readonly<Record<string, string>>;
export function neededBy(text: string): readonly string[];
