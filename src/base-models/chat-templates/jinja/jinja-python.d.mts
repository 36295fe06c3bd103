/** Where the build's snapshot of Python lies. @param root the package's folder */
export function snapshotFile(root: string): string;
