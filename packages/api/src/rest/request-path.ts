import { StatusError } from '@countersign/core/status.ts'

const MAX_PATH = 4096
const UNPRINTABLE = /\p{Cc}/u

/** One segment of a request's path. */
export interface PathSegment {
  /** Decoded, but for `%2F`, which stays as it is: it must not become a boundary that the router did not see. */
  readonly text: string
  /** Decoded whole: for `**`, which takes slashes anyway. */
  readonly whole: string
}

/**
 * Splits a request's path into segments, then decodes each (google/api/http.proto: in a variable of several segments `%2F`
 * is left unchanged). One trailing slash is dropped, because every published tutorial sends one (binary-authorization.md §5.2).
 * Undefined for paths that no template can have: an empty segment, `.` or `..`. Throws INVALID_ARGUMENT where an encoding is broken
 * or hides a control character.
 */
export function splitPath(path: string): readonly PathSegment[] | undefined {
  if (path.length > MAX_PATH)
    throw new StatusError('INVALID_ARGUMENT', `Cannot read the path: it has ${path.length} characters, expected at most ${MAX_PATH}`)
  const raw = path.replace(/^\//, '').replace(/\/$/, '').split('/')
  const segments = raw.map(decodeSegment)
  return segments.some(({ whole }) => whole === '' || whole === '.' || whole === '..') ? undefined : segments
}

function decodeSegment(raw: string): PathSegment {
  const whole = decode(raw)
  const text = whole.includes('/')
    ? raw
        .split(/(%2f)/i)
        .map((part, index) => (index % 2 === 1 ? part : decode(part)))
        .join('')
    : whole
  return { text, whole }
}

function decode(raw: string): string {
  let text: string
  try {
    text = decodeURIComponent(raw)
  } catch {
    throw new StatusError('INVALID_ARGUMENT', 'Cannot read the path: its percent-encoding is not valid UTF-8')
  }
  if (UNPRINTABLE.test(text)) throw new StatusError('INVALID_ARGUMENT', 'Cannot read the path: it holds a control character')
  return text
}
