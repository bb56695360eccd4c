/** A line that breaks a rule of the house. */
export interface Guilt {
  readonly path: string
  readonly line: number
  readonly crime: string
}

/** Formats it as editors and terminals link to: `packages/core/src/a.ts:3 imports …`. */
export function formatGuilt({ path, line, crime }: Guilt): string {
  return `${path}:${line} ${crime}`
}
