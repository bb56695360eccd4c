import { parseResourceFilter } from '@countersign/api/filter/filter.ts'
import { filterFieldsOf } from '@countersign/service/metadata/filter-fields.ts'
import type { Tree } from '../connection/api.ts'
import type { HttpSend } from '@countersign/adapters/http-send.ts'

/** What scanners have written, by the question in which it appears: the last answer holds for ever. */
export type ScanScript = readonly (readonly Tree[])[]

export const SCANNED_IMAGE = `registry.example/p1/app@sha256:${'ab'.repeat(32)}`

/** A DISCOVERY occurrence of the image, as Container Analysis lays it out (kritis-and-grafeas.md §5.1). */
export function discovery(analysisStatus: string, more: Tree = {}, noteName = 'projects/goog-analysis/notes/PACKAGE_VULNERABILITY'): Tree {
  const updateTime = '2026-01-31T11:00:00Z'
  return { ...envelope(noteName), kind: 'DISCOVERY', updateTime, discovery: { analysisStatus, ...more } }
}

/** A VULNERABILITY occurrence in openssl 1.0, mended in 1.1 unless told otherwise (§5.2). */
export function vulnerability(
  id: string,
  effectiveSeverity: string,
  issue: Tree = { fixedVersion: { kind: 'NORMAL', name: '1.1' }, fixAvailable: true },
): Tree {
  const packageIssue = [{ affectedPackage: 'openssl', affectedVersion: { kind: 'NORMAL', name: '1.0' }, ...issue }]
  return { ...envelope(`projects/goog-vulnz/notes/${id}`), kind: 'VULNERABILITY', vulnerability: { effectiveSeverity, packageIssue } }
}

/** Puts scans before a server: lists of occurrences that a filter narrows to scans are answered from the script, all else by the server. */
export function serveScans(send: HttpSend, script: ScanScript): HttpSend {
  let asked = 0
  return async (request) => {
    const url = new URL(request.url)
    const filter = url.searchParams.get('filter') ?? ''
    if (!/^\/v1\/projects\/[^/]+\/occurrences$/.test(url.pathname) || !/DISCOVERY|VULNERABILITY/.test(filter)) return await send(request)
    const parsed = parseResourceFilter(filter)
    if (!parsed.ok) throw new Error(parsed.issues[0]?.message)
    const isDiscovery = !/kind="VULNERABILITY"/.test(filter)
    const rows = script[Math.min(isDiscovery ? asked++ : asked, script.length - 1)] ?? []
    const occurrences = rows.filter((row) => parsed.value.matches(filterFieldsOf(row)))
    return { status: 200, headers: {}, body: new TextEncoder().encode(JSON.stringify({ occurrences })) }
  }
}

function envelope(noteName: string): Tree {
  return { name: 'projects/p1/occurrences/s1', noteName, resourceUri: `https://${SCANNED_IMAGE}`, createTime: '2026-01-31T10:00:00Z' }
}
