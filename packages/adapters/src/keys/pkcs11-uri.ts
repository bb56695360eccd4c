import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'

/** A private key on a token, as RFC 7512 names it. */
export interface Pkcs11Uri {
  readonly token?: string
  readonly slotId?: string
  /** The key's label. */
  readonly object?: string
  /** The key's id, lower-case hexadecimal. */
  readonly id?: string
  readonly modulePath?: string
  /** A file that holds the PIN. */
  readonly pinSource?: string
}

const MAX_LENGTH = 2048

/**
 * Parses what follows `pkcs11:`. Attributes that would narrow the choice of token or key and that we cannot look for are refused, not passed
 * over: another key than the one that was meant must never sign. A `pin-value` is refused, since every process can read a command line.
 */
export function parsePkcs11Uri(rest: string): Pkcs11Uri {
  const name = `pkcs11:${rest}`
  if (rest.length > MAX_LENGTH) throw invalid(name.slice(0, 60), `it is longer than ${MAX_LENGTH} characters`)
  // Looked for before anything else, since every other refusal, here and of the key later, repeats the name.
  if (/(?:^|[;&?])pin-value=/.test(rest))
    throw invalid('pkcs11:…', 'a PIN in it can be read by every process: write pin-source=/path/to/file, or set COUNTERSIGN_PKCS11_PIN')
  const [path = '', query = '', more] = rest.split('?', 3)
  if (more !== undefined) throw invalid(name, `write & between ${query.split('=', 1)[0] ?? ''} and what follows, only the first mark is ?`)
  const given = new Map([...attributesOf(name, path, ';'), ...attributesOf(name, query, '&')])
  for (const attribute of given.keys()) {
    if (!KNOWN.has(attribute)) throw invalid(name, `attribute ${quote(attribute)} is not supported: expected ${[...KNOWN].join(', ')}`)
  }
  if (!['private', undefined].includes(text(name, given.get('type')))) throw invalid(name, 'its type is expected to be private')
  if (!given.has('object') && !given.has('id')) throw invalid(name, 'it names no key: expected object=LABEL or id=%01')
  if (!given.has('token') && !given.has('slot-id')) throw invalid(name, 'it names no token: expected token=LABEL or slot-id=N')
  return {
    ...member('token', text(name, given.get('token'))),
    ...member('slotId', text(name, given.get('slot-id'))),
    ...member('object', text(name, given.get('object'))),
    ...member('id', given.has('id') ? hexOf(name, given.get('id') ?? '') : undefined),
    ...member('modulePath', text(name, given.get('module-path'))),
    ...member('pinSource', text(name, given.get('pin-source'))?.replace(/^file:/, '')),
  }
}

const KNOWN: ReadonlySet<string> = new Set(['token', 'slot-id', 'object', 'id', 'type', 'module-path', 'pin-source'])

function attributesOf(name: string, text: string, separator: string): readonly (readonly [string, string])[] {
  const parts = text === '' ? [] : text.split(separator).filter((part) => part !== '')
  const names = parts.map((part) => part.split('=', 1)[0] ?? '')
  if (new Set(names).size < names.length) throw invalid(name, 'an attribute stands there twice')
  return parts.map((part, index) => [names[index] ?? '', part.slice((names[index] ?? '').length + 1)])
}

function text(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  try {
    const decoded = decodeURIComponent(value)
    // An option's value must not become an option, and no argument holds a zero byte.
    if (decoded !== '' && !decoded.startsWith('-') && !decoded.includes('\0')) return decoded
  } catch {
    // Said below.
  }
  throw invalid(name, `the value ${quote(value)} is not valid`)
}

/** `%01%0a` → `010a`; characters stand for their own bytes. */
function hexOf(name: string, value: string): string {
  const bytes = /^(?:%[0-9A-Fa-f]{2}|[A-Za-z0-9._~-])+$/.test(value) ? (value.match(/%..|./g) ?? []) : []
  if (bytes.length === 0) throw invalid(name, `the id ${quote(value)} is not valid: expected bytes such as %01%0a`)
  return bytes.map((byte) => (byte.length === 3 ? byte.slice(1).toLowerCase() : byte.charCodeAt(0).toString(16).padStart(2, '0'))).join('')
}

function invalid(name: string, why: string): StatusError {
  return new StatusError('INVALID_ARGUMENT', `Key ${quote(name)} is not valid: ${why}`)
}

function member<K extends string>(name: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [name]: value } as Partial<Record<K, string>>)
}
