import type { CertificateFiles } from '@countersign/adapters/certificates/certificate-files.ts'
import type { UnseenByImageReview } from '@countersign/core/admission/evidence.ts'
import type { Issue } from '@countersign/core/parsed.ts'
import { parseAddress, type Address } from './address.ts'
import type { LayeredValues } from './layers.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
/** How "could not decide" leaves. */
export const UNDECIDED = ['error', 'deny'] as const
const UNSEEN: readonly UnseenByImageReview[] = ['LABELS', 'IMAGE_VOLUMES']

/** Reads settings of one table; what is wrong is complained of under the name of where the value came from. */
export class SettingReader<N extends string> {
  readonly #values: LayeredValues<N>
  readonly #issues: Issue[]

  constructor(values: LayeredValues<N>, issues: Issue[]) {
    this.#values = values
    this.#issues = issues
  }

  complain(name: N, message: string): void {
    this.#issues.push({ path: [this.#values.one(name)?.origin ?? name], message })
  }

  address(name: N): Address | undefined {
    const parsed = parseAddress(this.#values.one(name)?.text ?? '')
    if (parsed.ok) return parsed.value
    for (const issue of parsed.issues) this.complain(name, issue.message)
    return undefined
  }

  addressIfSet(name: N): Address | undefined {
    return this.#values.one(name) === undefined ? undefined : this.address(name)
  }

  integer(name: N, least: number, most: number): number {
    const text = this.#values.one(name)?.text ?? ''
    const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    this.complain(name, `Value "${text}" is not valid: expected a whole number from ${least} to ${most}`)
    return least
  }

  choice<const T extends readonly [string, ...string[]]>(name: N, allowed: T): T[number] {
    const text = this.#values.one(name)?.text ?? ''
    const found = allowed.find((value) => value === text)
    if (found === undefined) this.complain(name, `Value "${text}" is not valid: expected ${allowed.join(', ')}`)
    return found ?? allowed[0]
  }

  url(name: N): string | undefined {
    const text = this.#values.one(name)?.text
    if (text === undefined) return undefined
    const url = URL.parse(text)
    if (url?.protocol === 'https:' && url.search === '' && url.hash === '') return text.replace(/\/+$/, '')
    this.complain(name, `Value "${text}" is not valid: expected an https URL without query, such as https://gate.example:8443`)
    return undefined
  }

  dnsName(name: N): string {
    const text = this.#values.one(name)?.text ?? ''
    if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(text)) this.complain(name, `Value "${text}" is not a DNS name`)
    return text
  }

  unseen(name: N): readonly UnseenByImageReview[] {
    const texts = this.#values.many(name)
    const wrong = texts.find((text) => !UNSEEN.some((value) => value === text))
    if (wrong !== undefined) this.complain(name, `Value "${wrong}" is not valid: expected ${UNSEEN.join(', ')}`)
    return UNSEEN.filter((value) => texts.includes(value))
  }

  /** A certificate, its key and, where they are named, its authorities; undefined where none is named. */
  certificate(names: { readonly cert: N; readonly key: N; readonly ca?: N }): CertificateFiles | undefined {
    const textOf = (name: N | undefined): string | undefined => (name === undefined ? undefined : this.#values.one(name)?.text)
    const [certFile, keyFile, caFile] = [textOf(names.cert), textOf(names.key), textOf(names.ca)]
    if ((certFile === undefined) !== (keyFile === undefined)) this.complain(names.cert, `--${names.cert} and --${names.key} go together`)
    if (caFile !== undefined && certFile === undefined) this.complain(names.ca ?? names.cert, `--${names.ca} needs --${names.cert}`)
    return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile, ...(caFile === undefined ? {} : { caFile }) }
  }
}
