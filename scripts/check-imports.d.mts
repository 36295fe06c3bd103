export function checkImports(root: string): string[];

export interface TableRule {
  readonly owner: string;
  readonly others: Readonly<Record<string, string>>;
}
export function checkTables(root: string, tables?: Readonly<Record<string, TableRule>>): string[];
