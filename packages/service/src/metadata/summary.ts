import { parseResourceFilter } from '@countersign/api/filter/filter.ts'
import type { Filter } from '@countersign/api/filter/filter.ts'
import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Severity } from '@countersign/core/vulnerability/severity.ts'
import { SEVERITIES } from '@countersign/core/vulnerability/severity.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '../access/caller.ts'
import { requirePermission } from '../access/permission.ts'
import type { Changes } from '../changes/change.ts'
import { getValue } from '../changes/invalid.ts'
import type { KnownProjects } from '../changes/known-project.ts'
import { getProject } from '../changes/known-project.ts'
import { acceptOwner } from './names.ts'
import type { Page } from '../changes/page.ts'
import { filterFieldsOf, narrow } from './filter-fields.ts'
import type { Message } from './message.ts'
import { isMessage, listOf, textOf } from './message.ts'
import type { OccurrenceQuery, OccurrenceTables, StoredOccurrence } from './ports.ts'
import { messageOf } from './stored-message.ts'
import { kindOfVersion } from './version-rules.ts'

const PAGE_SIZE = 200
const KIND = 'VULNERABILITY'
const TOTAL = 'SEVERITY_UNSPECIFIED'

/** A severity, or all together, which the API calls unspecified (kritis-and-grafeas.md §4.2). */
type CountedSeverity = Severity | typeof TOTAL

/** How many vulnerabilities of one severity a resource has, and how many of them some package has a fix for. */
export interface SeverityCount {
  readonly resourceUri: string
  readonly severity: CountedSeverity
  readonly fixableCount: number
  readonly totalCount: number
}

export interface SummaryPorts {
  readonly changes: Pick<Changes<OccurrenceTables & KnownProjects>, 'read'>
  /** How many occurrences one summary may look at. */
  readonly maxOccurrences: number
}

/**
 * Counts the vulnerabilities of a project's resources by effective severity. What one resource has comes together, its total first.
 * RESOURCE_EXHAUSTED where more occurrences than may be looked at would have to be.
 */
export type SummarizeVulnerabilities = (caller: Caller, parent: string, filter: string) => Promise<readonly SeverityCount[]>

/** Makes the part of the metadata flow that counts. */
export function makeSummary(ports: SummaryPorts): SummarizeVulnerabilities {
  return async (caller, parent, filter) => {
    const project = acceptOwner(parent)
    requirePermission(caller, 'containeranalysis.occurrences.list', `projects/${project}`)
    return await summarize(ports, project, getValue(parseResourceFilter(filter), 'Filter is not valid'))
  }
}

type Counts = Map<CountedSeverity, { fixable: number; total: number }>

async function summarize(ports: SummaryPorts, project: ProjectId, filter: Filter): Promise<readonly SeverityCount[]> {
  const narrowed = narrow(filter)
  if (narrowed.kind !== undefined && narrowed.kind !== KIND) return []
  const byResource = new Map<string, Counts>()
  let seen = 0
  let after: string | undefined
  do {
    const page = await readPage(ports, { ...narrowed, project, kind: KIND }, after)
    seen += page.items.length
    if (seen > ports.maxOccurrences) throw tooMany(project, ports.maxOccurrences)
    for (const stored of page.items) count(byResource, stored, filter)
    after = page.next
  } while (after !== undefined)
  return [...byResource].flatMap(([resourceUri, counts]) => rowsOf(resourceUri, counts))
}

/** Each page is a view of its own: a long count holds up nobody who writes. */
async function readPage(
  { changes }: SummaryPorts,
  query: OccurrenceQuery & { readonly project: ProjectId },
  after: string | undefined,
): Promise<Page<StoredOccurrence>> {
  return await changes.read(async (tables) => {
    await getProject(tables, query.project)
    return await tables.listOccurrences(query, { pageSize: PAGE_SIZE, ...(after === undefined ? {} : { after }) })
  })
}

function count(byResource: Map<string, Counts>, stored: StoredOccurrence, filter: Filter): void {
  const message = messageOf(stored)
  const { vulnerability } = message
  if (!isMessage(vulnerability) || !filter.matches(filterFieldsOf(message))) return
  const counts = byResource.get(stored.resourceUri) ?? new Map<CountedSeverity, { fixable: number; total: number }>()
  byResource.set(stored.resourceUri, counts)
  const severity = textOf(vulnerability['effectiveSeverity'])
  for (const name of [TOTAL, ...SEVERITIES.filter((known) => known === severity)] as const) {
    const { fixable, total } = counts.get(name) ?? { fixable: 0, total: 0 }
    counts.set(name, { fixable: fixable + (isFixable(vulnerability) ? 1 : 0), total: total + 1 })
  }
}

/** The API's own meaning: at least one package has a fix (§5.3). kritis' "all of them" is a policy's matter. */
function isFixable(vulnerability: Message): boolean {
  return listOf(vulnerability['packageIssue']).some((issue) => {
    if (!isMessage(issue)) return false
    const kind = kindOfVersion(issue['fixedVersion'])
    return kind !== 'MAXIMUM' && (kind !== '' || issue['fixAvailable'] === true)
  })
}

function rowsOf(resourceUri: string, counts: Counts): readonly SeverityCount[] {
  return ([TOTAL, ...SEVERITIES] as const).flatMap((severity) => {
    const found = counts.get(severity)
    return found === undefined ? [] : [{ resourceUri, severity, fixableCount: found.fixable, totalCount: found.total }]
  })
}

function tooMany(project: ProjectId, most: number): StatusError {
  return new StatusError(
    'RESOURCE_EXHAUSTED',
    `Cannot count the vulnerabilities of project "${project}": there are more than ${most}, expected a filter such as resourceUrl="https://…@sha256:…"`,
  )
}
