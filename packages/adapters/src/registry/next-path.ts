/**
 * The next page by RFC 5988, as a path on the same registry: whatever host it names, only this one is asked, and for more of the same only. `path` is
 * the listing's own.
 */
export function nextPath(link: string, path: string): string | undefined {
  const target = /^<([^>]{1,2048})>\s*;\s*rel="?next"?/i.exec(link)?.[1]
  if (target === undefined || !URL.canParse(target, 'https://registry.invalid')) return undefined
  const { pathname, search } = new URL(target, 'https://registry.invalid')
  return pathname === path ? `${pathname}${search}` : undefined
}
