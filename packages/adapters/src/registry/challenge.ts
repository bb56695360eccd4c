/** What a registry asks for with a 401 (RFC 9110 §11.6.1, distribution's token specification). */
export type Challenge = { readonly scheme: 'BASIC' } | { readonly scheme: 'BEARER'; readonly realm: string; readonly service?: string }

const MAX_LENGTH = 4096
const PARAMETER = /([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y

/**
 * Reads a `WWW-Authenticate` header; undefined where it asks for nothing that we know. The scope that it names is passed over: we ask for
 * reading the one repository, whatever a registry would like a token for.
 */
export function parseChallenge(header: string): Challenge | undefined {
  if (header.length > MAX_LENGTH) return undefined
  const scheme = /^\s*(basic|bearer)(?=\s|$)/i.exec(header)
  if (scheme === null) return undefined
  if (scheme[1]?.toLowerCase() === 'basic') return { scheme: 'BASIC' }
  const { realm, service } = parseParameters(header.slice(scheme[0].length))
  if (realm === undefined) return undefined
  return { scheme: 'BEARER', realm, ...(service === undefined ? {} : { service }) }
}

function parseParameters(text: string): Readonly<Partial<Record<string, string>>> {
  const found = new Map<string, string>()
  let at = 0
  while (at < text.length) {
    PARAMETER.lastIndex = at
    const match = PARAMETER.exec(text)
    if (match === null) {
      at++
      continue
    }
    found.set((match[1] ?? '').toLowerCase(), (match[2] ?? match[3] ?? '').replace(/\\(.)/g, '$1'))
    at = PARAMETER.lastIndex
  }
  return Object.fromEntries(found)
}
