import { StatusError } from '@countersign/core/status.ts'
import type { ScanStore } from '@countersign/service/scanning/ports.ts'
import { type Api, pathOf, treesIn } from '../../connection/api.ts'

/** Tells scans to a server over its API of Container Analysis. */
export function makeScanStore(api: Api): ScanStore {
  const occurrences = (project: string, suffix = ''): string => pathOf('/v1', `projects/${project}/occurrences`, suffix)
  return {
    findNote: async (name) => {
      try {
        return await api.call('GET', pathOf('/v1', name))
      } catch (error) {
        if (error instanceof StatusError && error.code === 'NOT_FOUND') return undefined
        throw error
      }
    },
    createNote: async (name, note) => {
      const [, project = '', , noteId] = name.split('/')
      try {
        await api.call('POST', pathOf('/v1', `projects/${project}/notes`), { query: { noteId }, body: note })
      } catch (error) {
        throw error instanceof StatusError && error.code === 'NOT_FOUND' ? noScannerProject(project, error) : error
      }
    },
    updateNote: async (name, note) => void (await api.call('PATCH', pathOf('/v1', name), { body: note })),
    listOccurrences: async (project, resourceUri, kind) =>
      await api.list(occurrences(project), 'occurrences', { query: { filter: `kind="${kind}" AND resourceUrl="${resourceUri}"` } }),
    createOccurrences: async (project, trees) => {
      const parent = `projects/${project}`
      return treesIn(await api.call('POST', occurrences(project, ':batchCreate'), { body: { parent, occurrences: trees } }), 'occurrences')
    },
    updateOccurrence: async (name, occurrence) => void (await api.call('PATCH', pathOf('/v1', name), { body: occurrence })),
    deleteOccurrence: async (name) => void (await api.call('DELETE', pathOf('/v1', name))),
  }
}

function noScannerProject(project: string, cause: StatusError): StatusError {
  const message = `Cannot tell the scan: there is no project "${project}", on which scanners' notes hang; create it: countersign projects create ${project}`
  return new StatusError('FAILED_PRECONDITION', message, { cause })
}
