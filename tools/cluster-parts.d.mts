export function findClusterPart(name: string): string | undefined
export function buildClusterParts(
  say: (line: string) => void,
): Promise<{ readonly outcome: 'ready' } | { readonly outcome: 'unavailable' | 'failed'; readonly reason: string }>
