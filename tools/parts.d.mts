/** A real program that tests may drive, or the reason why there is none. Set `env` beside the environment when you run it. */
export type Part =
  | { readonly found: true; readonly name: string; readonly path: string; readonly env: Readonly<Record<string, string>> }
  | { readonly found: false; readonly name: string; readonly reason: string }

export function findPart(name: string): Part
export function installParts(say: (line: string) => void): Promise<void>
