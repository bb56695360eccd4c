import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { parseProjectId } from '@countersign/core/name/resource-name.ts'
import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import { parseTimestamp } from '@countersign/core/timestamp.ts'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { digestReceipt } from '@countersign/evidence/record/receipt.ts'
import type { Caller } from '../access/caller.ts'
import { mayCall, requirePermission } from '../access/permission.ts'
import type { Changes } from '../changes/change.ts'
import { getValue } from '../changes/invalid.ts'
import { listMatching } from '../changes/matching.ts'
import type { PageAsked, PageTokens } from '../changes/page-token.ts'
import { acceptPage } from '../changes/page-token.ts'
import { acceptParent } from '../changes/parent.ts'
import { requireFiled } from './filing.ts'
import { damaged, readRecord } from './log-entry.ts'
import type { AuditRow, AuditTables, KeptVersions } from './ports.ts'

const RECEIPT_NAME = /^projects\/([^/]+)\/receipts\/(sha256:[0-9a-f]{64})$/

/** A receipt: everything that a decision used, in the exact text that its digest names, and its place in the chain. */
export interface FoundReceipt {
  readonly digest: string
  readonly canonical: string
  readonly record: Pick<AuditRow, 'writer' | 'sequence' | 'time'>
}

/** The versions that a receipt names, as far as they were kept. */
export interface ReceiptVersions {
  readonly policy?: { readonly etag: string; readonly policy: Policy }
  readonly systemPolicy?: { readonly etag: string; readonly policy: Policy }
  readonly attestors: readonly { readonly etag: string; readonly attestor: Attestor }[]
}

/** Which receipts of a project. */
export interface ReceiptQuery extends PageAsked {
  /** `projects/P`; a project that was deleted still has its receipts. */
  readonly parent: string
  /** RFC 3339: those of decisions recorded from then on; from the beginning where it is empty. */
  readonly startTime?: string
}

/** Receipts, and what it takes to decide them again. All ask for the right to read the project's log. */
export interface Receipts {
  /** `projects/P/receipts/sha256:…` */
  getReceipt(caller: Caller, name: string): Promise<FoundReceipt>
  /** Oldest first, each once: a record that only counts further denials has none of its own. */
  listReceipts(caller: Caller, query: ReceiptQuery): Promise<{ readonly receipts: readonly FoundReceipt[]; readonly nextPageToken: string }>
  /**
   * The versions that a receipt names. Keys of an attestor that the caller may not read come by their ids alone, which the
   * receipt says anyway.
   */
  getReceiptVersions(caller: Caller, name: string): Promise<ReceiptVersions>
}

export interface ReceiptPorts {
  readonly changes: Pick<Changes<AuditTables & KeptVersions>, 'read'>
  readonly pageTokens: PageTokens
  readonly systemPolicy: Policy
}

/** Makes the flow of receipts. */
export function makeReceipts(ports: ReceiptPorts): Receipts {
  return {
    getReceipt: async (caller, name) => await getReceipt(ports, caller, name),
    listReceipts: async (caller, query) => await listReceipts(ports, caller, query),
    getReceiptVersions: async (caller, name) => await getReceiptVersions(ports, caller, name),
  }
}

async function getReceipt(ports: ReceiptPorts, caller: Caller, name: string): Promise<FoundReceipt> {
  const { project, digest } = acceptReceiptName(name)
  requirePermission(caller, 'countersign.audit.list', name)
  const row = await ports.changes.read((tables) => tables.findByReceipt(project, digest))
  if (row === undefined) throw new StatusError('NOT_FOUND', `Requested entity was not found: project "${project}" has no receipt ${digest}`)
  const found = receiptOf(row, readRecord(row))
  if (found.digest !== digest) throw damaged(row)
  return found
}

async function listReceipts(ports: ReceiptPorts, caller: Caller, asked: ReceiptQuery): ReturnType<Receipts['listReceipts']> {
  const project = acceptParent(asked.parent)
  requirePermission(caller, 'countersign.audit.list', `projects/${project}`)
  const { startTime = '' } = asked
  const scope = ['ListReceipts', caller.principal, project, startTime]
  const page = acceptPage(ports.pageTokens, scope, asked)
  const query = { project, order: 'OLDEST_FIRST', ...acceptStart(startTime) } as const
  const { items, next } = await ports.changes.read((tables) =>
    listMatching(page, { list: (part) => tables.listAudit(query, part), lengthOf: ({ canonical }) => canonical.length, select: findReceipt }),
  )
  return { receipts: items, nextPageToken: ports.pageTokens.seal(scope, next) }
}

function acceptStart(text: string): { readonly from?: string } {
  if (text === '') return {}
  const moment = parseTimestamp(text)
  if (moment === undefined) throw new StatusError('INVALID_ARGUMENT', `start_time is ${quote(text)}, expected a moment such as 2026-01-31T12:00:00Z`)
  return { from: new Date(moment).toISOString().replace('Z', '000Z') }
}

function findReceipt(row: AuditRow): FoundReceipt | undefined {
  if (row.receiptDigest === undefined) return undefined
  const record = readRecord(row)
  requireFiled(row, record)
  return 'repeated' in record ? undefined : receiptOf(row, record)
}

/** The digest is that of the text that is there, so nobody is shown a receipt under a name that is not its own. */
function receiptOf(row: AuditRow, record: JsonObject): FoundReceipt {
  const canonical = formatCanonicalJson(record['receipt'])
  const digest = digestReceipt(canonical)
  if (digest !== row.receiptDigest) throw damaged(row)
  const { writer, sequence, time } = row
  return { digest, canonical, record: { writer, sequence, time } }
}

async function getReceiptVersions(ports: ReceiptPorts, caller: Caller, name: string): Promise<ReceiptVersions> {
  const { project } = acceptReceiptName(name)
  const receipt = membersOf(JSON.parse((await getReceipt(ports, caller, name)).canonical))
  const etag = textIn(membersOf(receipt['policy']), 'etag')
  const systemEtag = textIn(membersOf(receipt['systemPolicy']), 'etag')
  const named = Object.values(membersOf(receipt['attestors'])).map(membersOf)
  return await ports.changes.read(async (tables) => {
    const version = etag === '' ? undefined : await tables.findPolicyVersion(project, etag)
    const attestors: { etag: string; attestor: Attestor }[] = []
    for (const one of named.filter(({ state }) => state === 'PRESENT')) {
      const found = await tables.findAttestorVersion(textIn(one, 'uid'), textIn(one, 'etag'))
      if (found !== undefined) attestors.push({ etag: textIn(one, 'etag'), attestor: showTo(caller, found.attestor) })
    }
    return {
      ...(version === undefined ? {} : { policy: { etag, policy: version.policy } }),
      ...(systemEtag === '' ? {} : { systemPolicy: { etag: systemEtag, policy: ports.systemPolicy } }),
      attestors,
    }
  })
}

function showTo(caller: Caller, attestor: Attestor): Attestor {
  if (mayCall(caller, 'binaryauthorization.attestors.get', attestor.name)) return attestor
  const { name, uid, note, noteUid, publicKeys } = attestor
  return { name, uid, note, noteUid, publicKeys: publicKeys.map(({ id }) => ({ type: 'PGP', id, asciiArmored: '' })) }
}

function membersOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {}
}

function textIn(tree: JsonObject, member: string): string {
  const value = tree[member]
  return typeof value === 'string' ? value : ''
}

function acceptReceiptName(name: string): { project: ProjectId; digest: string } {
  const match = RECEIPT_NAME.exec(name)
  if (match !== null) return { project: getValue(parseProjectId(match[1] ?? '')), digest: match[2] ?? '' }
  throw new StatusError('INVALID_ARGUMENT', `receipt name must be in the form "projects/[PROJECT_ID]/receipts/sha256:[DIGEST]", got ${quote(name)}`)
}
