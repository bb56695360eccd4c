import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { makeMetadataLists } from '../metadata/lists.ts'
import { ADMIN } from '../testing/callers.ts'
import { makeMetadataWorld } from '../testing/metadata-world.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { FoundIssue, FoundVulnerability, ScanResult } from './judge-listing.ts'
import type { ListedPackage } from './listing.ts'
import type { ScanStore, StoredTree } from './ports.ts'
import { beginPublication } from './publish-scan.ts'

const URI = `https://registry.example/app@sha256:${'ab'.repeat(32)}`
const TARGET = { project: 'p1', resourceUri: URI }
const OPENSSL: ListedPackage = {
  type: 'OS',
  ecosystem: { name: 'Debian', release: '12' },
  name: 'openssl',
  version: '3.0.11-1',
  filePath: 'var/lib/dpkg/status',
  layer: 0,
}

function finding(id: string, fixed?: string): FoundVulnerability {
  const issue: FoundIssue = {
    package: 'openssl',
    version: '3.0.11-1',
    packageType: 'OS',
    effectiveSeverity: 'HIGH',
    fix: fixed === undefined ? { state: 'NONE' } : { state: 'AVAILABLE', version: fixed },
    explanations: [`openssl 3.0.11-1 < ${fixed}, ${id}`],
    installed: [OPENSSL],
  }
  const noteName = `projects/goog-vulnz/notes/${id}`
  const cvss = { generation: 3, score: 9.8, vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' } as const
  return {
    id,
    aliases: [],
    noteName,
    effectiveSeverity: 'HIGH',
    severity: 'CRITICAL',
    issues: [issue],
    summary: '',
    details: `About ${id}`,
    references: [],
    cvss,
  }
}

function result(findings: readonly FoundVulnerability[], packages: readonly ListedPackage[] = [OPENSSL]): ScanResult {
  const distribution = { id: 'debian', version: '12', prettyName: 'Debian GNU/Linux 12' }
  return {
    listing: { digest: '', distribution, packages, layers: ['sha256:1'], problems: [] },
    findings,
    analysed: ['OS'],
    problems: ['x.jar is broken'],
    scannedAt: '2026-01-31T12:00:00Z',
  }
}

async function makeWorld() {
  const { notes, occurrences, store, pageTokens } = await makeMetadataWorld(['p1', 'goog-analysis', 'goog-vulnz'])
  const lists = makeMetadataLists({ changes: store.changes, pageTokens })
  const statuses: unknown[] = []
  const note = (tree: StoredTree): void => void statuses.push(((tree['discovery'] ?? {}) as StoredTree)['analysisStatus'])
  const list: ScanStore['listOccurrences'] = async (project, uri, kind) =>
    (await lists.listOccurrences(ADMIN, `projects/${project}`, { filter: `kind="${kind}" AND resourceUrl="${uri}"`, pageSize: 1000 })).occurrences
  const scans: ScanStore = {
    findNote: async (name) =>
      await notes.getNote(ADMIN, name).catch((error: unknown) => {
        if (error instanceof StatusError && error.code === 'NOT_FOUND') return undefined
        throw error
      }),
    createNote: async (name, tree) => {
      const [, project, , noteId = ''] = name.split('/')
      await notes.createNote(ADMIN, { parent: `projects/${project}`, noteId, note: tree })
    },
    updateNote: async (name, tree) => void (await notes.updateNote(ADMIN, name, { note: tree, mask: [] })),
    listOccurrences: list,
    createOccurrences: async (project, trees) => {
      trees.forEach(note)
      return await occurrences.batchCreateOccurrences(ADMIN, `projects/${project}`, trees)
    },
    updateOccurrence: async (name, tree) => {
      note(tree)
      await occurrences.updateOccurrence(ADMIN, name, { occurrence: tree, mask: [] })
    },
    deleteOccurrence: async (name) => await occurrences.deleteOccurrence(ADMIN, name),
  }
  const told = async (kind: 'DISCOVERY' | 'PACKAGE' | 'VULNERABILITY') => await list('p1', URI, kind)
  const errorTold = async (): Promise<unknown> => {
    const [discovery] = await told('DISCOVERY')
    return ((discovery?.['discovery'] ?? {}) as StoredTree)['analysisStatusError']
  }
  return { scans, told, errorTold, occurrences, statuses: () => statuses.splice(0).filter((status) => status !== undefined) }
}

describe('beginPublication()', () => {
  test('tells each step, and the findings before the end', async () => {
    const { scans, told, statuses } = await makeWorld()
    const publication = await beginPublication(scans, TARGET)
    await publication.scanning()
    assert.deepEqual(await publication.finish(result([finding('CVE-2026-1', '3.0.13-1'), finding('CVE-2026-2')])), {
      created: 2,
      updated: 0,
      unchanged: 0,
      withdrawn: 0,
    })
    assert.deepEqual(statuses(), ['PENDING', 'SCANNING', 'FINISHED_SUCCESS'])
    const [discovery] = await told('DISCOVERY')
    assert.deepEqual(discovery?.['discovery'], {
      analysisStatus: 'FINISHED_SUCCESS',
      analysisCompleted: { analysisType: ['OS'] },
      analysisError: [{ code: 9, message: 'x.jar is broken' }],
      lastScanTime: '2026-01-31T12:00:00Z',
    })
    assert.deepEqual([(await told('PACKAGE')).length, (await told('VULNERABILITY')).length], [1, 2])
  })

  test('a second telling changes only what is different, withdraws what is no more, and makes no signer wait', async () => {
    const { scans, told, statuses } = await makeWorld()
    await (await beginPublication(scans, TARGET)).finish(result([finding('CVE-1'), finding('CVE-2', '3.0.13-1'), finding('CVE-3', '3.0.12-1')]))
    statuses()
    const again = await beginPublication(scans, TARGET)
    await again.scanning()
    const changes = await again.finish(result([finding('CVE-1', '3.0.14-1'), finding('CVE-2', '3.0.13-1'), finding('CVE-4')]))
    assert.deepEqual(changes, { created: 1, updated: 1, unchanged: 1, withdrawn: 1 })
    assert.deepEqual(statuses(), ['FINISHED_SUCCESS'])
    const names = (await told('VULNERABILITY')).map(({ noteName }) => String(noteName).split('/').at(-1))
    assert.deepEqual(
      [names.sort((one, other) => (String(one) < String(other) ? -1 : 1)), (await told('DISCOVERY')).length, (await told('PACKAGE')).length],
      [['CVE-1', 'CVE-2', 'CVE-4'], 1, 1],
    )
  })

  test('findings of other scanners stay as they are', async () => {
    const { scans, told, occurrences } = await makeWorld()
    await (await beginPublication(scans, TARGET)).finish(result([finding('CVE-1')]))
    const [ours] = await told('VULNERABILITY')
    const details = { ...(ours?.['vulnerability'] as StoredTree), extraDetails: 'Found by another' }
    await occurrences.createOccurrence(ADMIN, 'projects/p1', {
      noteName: 'projects/goog-vulnz/notes/CVE-1',
      resourceUri: URI,
      vulnerability: details,
    })
    assert.equal((await (await beginPublication(scans, TARGET)).finish(result([]))).withdrawn, 1)
    assert.deepEqual(
      (await told('VULNERABILITY')).map(({ vulnerability }) => (vulnerability as StoredTree)['extraDetails']),
      ['Found by another'],
    )
  })

  test('a scan that failed says why, and the next one begins anew', async () => {
    const { scans, errorTold, statuses } = await makeWorld()
    await (await beginPublication(scans, TARGET)).fail('FINISHED_FAILED', 'a layer is damaged', '2026-01-31T12:00:00Z')
    assert.deepEqual(await errorTold(), { code: 13, message: 'a layer is damaged' })
    const again = await beginPublication(scans, TARGET)
    await again.scanning()
    await again.finish(result([]))
    assert.deepEqual(statuses(), ['PENDING', 'FINISHED_FAILED', 'PENDING', 'SCANNING', 'FINISHED_SUCCESS'])
    assert.equal(await errorTold(), undefined)
  })
})
