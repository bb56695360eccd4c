/** A step of a path template: a literal, `*` for one segment, `**` for any number of them at the end. */
export type TemplateStep = { readonly literal: string } | '*' | '**'

/** A path template of google.api.http: `/v1/{name=projects/*}:verb`. */
export interface PathTemplate {
  readonly steps: readonly TemplateStep[]
  /** The part behind the last colon; empty where there is none. */
  readonly verb: string
  /** Which steps each variable takes: `end` is the first step behind it. */
  readonly variables: readonly { readonly fieldPath: readonly string[]; readonly start: number; readonly end: number }[]
}

const PIECE = /\{([A-Za-z0-9_.]+)(?:=([^}]*))?\}|([^{}]+)/y

/**
 * Parses a template (google/api/http.proto, "Path template syntax"). Templates come from our own descriptors, so one that
 * cannot be parsed is a fault of the program and throws.
 */
export function parsePathTemplate(text: string): PathTemplate {
  const verbAt = text.indexOf(':', text.lastIndexOf('}') + 1)
  const path = verbAt < 0 ? text : text.slice(0, verbAt)
  const steps: TemplateStep[] = []
  const variables: { fieldPath: string[]; start: number; end: number }[] = []
  let at = 0
  while (at < path.length) {
    PIECE.lastIndex = at
    const piece = PIECE.exec(path)
    if (piece === null) throw new Error(`Malformed path template ${JSON.stringify(text)}`)
    at = PIECE.lastIndex
    const [, variable, pattern, literal] = piece
    const start = steps.length
    steps.push(...parseSteps(literal ?? pattern ?? '*'))
    if (variable !== undefined) variables.push({ fieldPath: variable.split('.'), start, end: steps.length })
  }
  const rest = steps.indexOf('**')
  if (rest >= 0 && rest < steps.length - 1) throw new Error(`Path template ${JSON.stringify(text)} has ** before its end`)
  return { steps, verb: verbAt < 0 ? '' : text.slice(verbAt + 1), variables }
}

function parseSteps(text: string): TemplateStep[] {
  const segments = text.split('/').filter((segment) => segment !== '')
  return segments.map((segment) => (segment === '*' || segment === '**' ? segment : { literal: segment }))
}
