import { parseClusterKey, parseProjectId } from '@countersign/core/name/resource-name.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import { formatTimestamp } from '@countersign/core/timestamp.ts'
import type { Caller } from '../access/caller.ts'
import { requirePermission } from '../access/permission.ts'
import type { KnownClusters, TokenTables } from '../access/ports.ts'
import type { Changes, Surroundings } from '../changes/change.ts'
import { getValue } from '../changes/invalid.ts'
import { acceptRecords, type GatePlace } from './accept-records.ts'
import type { GateRecord, GateReport, GateTables, RecordTaker, StoredGate } from './ports.ts'

const NAME = /^projects\/([^/]{1,64})\/clusters\/([^/]{1,256})$/
/** As a gate names itself when its spool is made: nobody guesses another's. */
const WRITER = /^gate-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** A stolen token makes so many writers and no more. */
const MAX_WRITERS = 10_000
const MAX_COUNTERS = 200
/** What a gate reports between two writes of it is kept in memory. */
const KEEP_MS = 60_000
const SHOWN_MS = 24 * 3600_000

/** Gates that stand alone near their clusters, as the centre serves them. */
export interface Gates {
  /** Where the caller's gate may follow: of `projects/P/clusters/K`, the token's own. NOT_FOUND where it is not registered any more. */
  follow(caller: Caller, name: string): Promise<GatePlace>
  /** Files what a gate decided; gives the highest sequence that is now stored without a gap. */
  ship(caller: Caller, name: string, batch: { readonly writer: string; readonly records: readonly GateRecord[] }): Promise<number>
  /** Hears how a gate stands. */
  report(caller: Caller, name: string, told: { readonly writer: string; readonly report: GateReport }): Promise<void>
  /** Every gate heard of within a day. */
  listGates(): Promise<readonly StoredGate[]>
}

export interface GatePorts {
  readonly changes: Changes<GateTables & KnownClusters & Pick<TokenTables, 'findToken'>>
  readonly decisions: RecordTaker
  readonly surroundings: Pick<Surroundings, 'now' | 'timestamp'>
}

/** Makes the flow. */
export function makeGates(ports: GatePorts): Gates {
  const latest = new Map<string, { readonly gate: StoredGate; readonly keptAt: number }>()
  return {
    follow: async (caller, name) => (await enter(ports, caller, { name, permission: 'countersign.gates.follow' })).place,
    ship: async (caller, name, { writer, records }) => {
      const entered = await enter(ports, caller, { name, permission: 'countersign.gates.ship' })
      await acceptRecords(records, entered.place, ports.surroundings.now())
      await claim(ports, entered, writer)
      return await ports.decisions.acceptDecisions(writer, records).catch(blameSender)
    },
    report: async (caller, name, { writer, report }) => {
      const entered = await enter(ports, caller, { name, permission: 'countersign.gates.follow' })
      const before = latest.get(writer)
      const known = before !== undefined && isOwn(entered, before.gate) ? before.gate : await claim(ports, entered, writer)
      const gate: StoredGate = { ...known, report: bounded(report), seenTime: ports.surroundings.timestamp() }
      const now = ports.surroundings.now()
      const due = before === undefined || now - before.keptAt >= KEEP_MS
      latest.set(writer, { gate, keptAt: due ? now : before.keptAt })
      if (due) await ports.changes.commit((tables) => tables.putGate(gate))
    },
    listGates: async () => {
      const since = formatTimestamp(ports.surroundings.now() - SHOWN_MS)
      const stored = await ports.changes.read((tables) => tables.listGates(since))
      return stored.map((gate) => latest.get(gate.writer)?.gate ?? gate)
    },
  }
}

interface Entered {
  readonly place: GatePlace
  readonly token: string
  readonly clusterUid: string
}

async function enter(
  ports: GatePorts,
  caller: Caller,
  { name, permission }: { readonly name: string; readonly permission: 'countersign.gates.follow' | 'countersign.gates.ship' },
): Promise<Entered> {
  const [, projectId = '', clusterKey = ''] = NAME.exec(name) ?? []
  if (projectId === '')
    throw new StatusError('INVALID_ARGUMENT', `Cluster ${quote(name)} is not a name, expected projects/PROJECT/clusters/LOCATION.NAME`)
  const place: GatePlace = { project: getValue(parseProjectId(projectId)), cluster: getValue(parseClusterKey(clusterKey)) }
  requirePermission(caller, permission, name)
  const cluster = await ports.changes.read((tables) => tables.findCluster(place.project, place.cluster))
  if (cluster === undefined)
    throw new StatusError('NOT_FOUND', `Cluster "${place.cluster}" of project "${place.project}" was not found: was it removed?`)
  return { place, token: caller.principal.replace(/^token:/, ''), clusterUid: cluster.uid }
}

/**
 * The writer belongs to the token that used its name first: a gate cannot speak for another. It passes to another token of the same cluster once its own
 * is revoked or at its end, so that a token can be replaced. A name that the log knows from elsewhere belongs to nobody here.
 */
async function claim(ports: GatePorts, { place, token, clusterUid }: Entered, writer: string): Promise<StoredGate> {
  if (!WRITER.test(writer)) throw new StatusError('INVALID_ARGUMENT', `Writer ${quote(writer)} is not one of a gate, expected gate- and a UUID`)
  const { known, free } = await ports.changes.read(async (tables) => {
    const gate = await tables.findGate(writer)
    return { known: gate, free: gate === undefined ? true : gate.clusterUid === clusterUid && !(await isGood(ports, tables, gate.token)) }
  })
  if (known !== undefined && isOwn({ token, clusterUid }, known)) return known
  if (!free) throw taken(writer)
  const gate: StoredGate = { writer, token, ...place, clusterUid, report: known?.report ?? NO_REPORT, seenTime: ports.surroundings.timestamp() }
  await ports.changes.commit(async (tables) => {
    const now = await tables.findGate(writer)
    if (now?.token !== known?.token || (now === undefined && (await tables.hasChain(writer)))) throw taken(writer)
    if (now === undefined && (await tables.countGates(clusterUid)) >= MAX_WRITERS)
      throw new StatusError(
        'RESOURCE_EXHAUSTED',
        `Cluster "${place.cluster}" has had ${MAX_WRITERS} gates with a spool of their own: keep the spool on a volume`,
      )
    await tables.putGate(gate)
  })
  return gate
}

/** A chain that does not fit is damage where it is ours, and the sender's fault where it comes from outside. */
function blameSender(error: unknown): never {
  if (error instanceof StatusError && error.code === 'DATA_LOSS') throw new StatusError('FAILED_PRECONDITION', error.message, { cause: error })
  throw error
}

async function isGood(ports: GatePorts, tables: Pick<TokenTables, 'findToken'>, id: string): Promise<boolean> {
  const token = await tables.findToken(id)
  if (token === undefined || token.revokeTime !== undefined) return false
  return token.expireTime === undefined || Date.parse(token.expireTime) > ports.surroundings.now()
}

function isOwn({ token, clusterUid }: Pick<Entered, 'token' | 'clusterUid'>, gate: StoredGate): boolean {
  return gate.token === token && gate.clusterUid === clusterUid
}

function taken(writer: string): StatusError {
  return new StatusError(
    'PERMISSION_DENIED',
    `Writer "${writer}" belongs to another gate: its spool goes with its token, or with a new one of the same cluster`,
  )
}

const NO_REPORT: GateReport = { displayName: '', version: '', position: 0, policyEtag: '', staleForMs: 0, unshipped: 0, counters: {} }

/** What somebody outside says of itself is cut to a bound, within which every door can show it. */
function bounded({ displayName, version, policyEtag, counters, position, staleForMs, unshipped }: GateReport): GateReport {
  const shown = Object.entries(counters)
    .slice(0, MAX_COUNTERS)
    .map(([name, count]) => [name.slice(0, 100), boundedCount(count)])
  return {
    position: boundedCount(position),
    staleForMs: boundedCount(staleForMs),
    unshipped: boundedCount(unshipped),
    displayName: displayName.slice(0, 253),
    version: version.slice(0, 50),
    policyEtag: policyEtag.slice(0, 100),
    counters: Object.fromEntries(shown),
  }
}

function boundedCount(count: number): number {
  return Number.isNaN(count) ? 0 : Math.min(Math.max(Math.trunc(count), 0), Number.MAX_SAFE_INTEGER)
}
