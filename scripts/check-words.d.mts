export function checkWords(root: string): string[];
