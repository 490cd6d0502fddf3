export const POLICY: string;
export function withoutServices(work: () => void, path?: string, pid?: number): void;
export function enabledUnits(folder?: string): string[];
export function withoutNewUnits(work: () => void, isSystemd?: boolean): void;
