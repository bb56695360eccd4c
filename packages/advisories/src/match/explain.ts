import type { Match } from './match.ts'

/** Tells a person why an advisory is about an installed package: `openssl 3.0.20-1 < 3.0.22-1, DSA-6000-1`. */
export function explainMatch({ advisory, compared, because }: Match): string {
  const { name, version } = compared
  switch (because.kind) {
    case 'LISTED':
      return `${name} ${version} is listed, ${advisory.id}`
    case 'UNORDERED':
      return `${name} ${version}: "${because.version}" is no version that can be compared, ${advisory.id}`
    case 'IN_RANGE': {
      const { introduced, end } = because.range
      const from = introduced === '0' ? '' : `${introduced} ≤ `
      if (end.kind === 'OPEN') return `${from}${name} ${version}, no fix yet, ${advisory.id}`
      return `${from}${name} ${version} ${end.kind === 'FIXED' ? '<' : '≤'} ${end.version}, ${advisory.id}`
    }
  }
}
