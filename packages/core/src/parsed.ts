import { quote } from './quote.ts'

/** One thing that is wrong with an input, and where. */
export interface Issue {
  /** Where in the input, as field names and indexes: `['defaultAdmissionRule', 'evaluationMode']`. Empty for the whole. */
  readonly path: readonly (string | number)[]
  /** One sentence for a person, without a full stop: what is, and what should be. */
  readonly message: string
  /** 1-based position in the source text, where the input was a text. */
  readonly line?: number
  readonly column?: number
}

/** What a parser at a door gives: the value, or every issue at once. Warnings (`notes`) never stop a value. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly notes?: readonly Issue[] }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** Formats an issue's path as people write it: `clusterAdmissionRules["a.b"].requireAttestationsBy[0]`. */
export function formatPath(path: Issue['path']): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(step)) return `${text}[${quote(step)}]`
    return text === '' ? step : `${text}.${step}`
  }, '')
}

/** Formats an issue as one line: position if known, path, message. */
export function formatIssue(issue: Issue): string {
  const at = issue.line === undefined ? '' : `${issue.line}:${issue.column ?? 1}: `
  const path = formatPath(issue.path)
  return `${at}${path === '' ? '' : `${path}: `}${issue.message}`
}
