import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runPart } from '../harness/parts.ts'
import type { Doors } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import type { Hand } from './hand.ts'

/** The release track that a command line names; each speaks its own version of the API. */
export type Track = 'ga' | 'beta' | 'alpha'

const APIS = ['BINARYAUTHORIZATION', 'CONTAINERANALYSIS'] as const

/** What points a real gcloud at a server: an endpoint override for each API, and our token in place of Google's. */
export function gcloudEnvironment({ apiUrl, adminTokenFile }: Doors, project: string): Readonly<Record<string, string>> {
  return {
    HOME: tempFolder(),
    CLOUDSDK_CONFIG: tempFolder(),
    CLOUDSDK_CORE_PROJECT: project,
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: adminTokenFile,
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1',
    CLOUDSDK_CORE_DISABLE_FILE_LOGGING: '1',
    ...Object.fromEntries(APIS.map((api) => [`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api}`, `${apiUrl}/`])),
  }
}

/** Drives the server with the original's own tool, by endpoint override alone. */
export function gcloudHand(doors: Doors, project: string, track: Track): Hand {
  const env = gcloudEnvironment(doors, project)
  const folder = tempFolder()
  const words = [...(track === 'ga' ? [] : [track]), 'container', 'binauthz']
  const gcloud = (...args: readonly string[]): Promise<string> => runPart('gcloud', [...words, ...args], { env })
  const token = readFileSync(doors.adminTokenFile, 'utf8').trim()
  return {
    importPolicy: async (yaml) => {
      const file = join(folder, 'policy.yaml')
      writeFileSync(file, yaml)
      await gcloud('policy', 'import', file)
    },
    exportPolicy: () => gcloud('policy', 'export'),
    createNote: async (id) => {
      const note = JSON.stringify({ name: `projects/${project}/notes/${id}`, attestation_authority: { hint: { human_readable_name: id } } })
      const headers = ['-H', 'Content-Type: application/json', '-H', `Authorization: Bearer ${token}`]
      const url = `${doors.apiUrl}/v1beta1/projects/${project}/notes/?noteId=${id}`
      await runPart('curl', ['-sS', '--fail-with-body', '-X', 'POST', ...headers, '--data-binary', note, url])
    },
    createAttestor: async (id, noteId) => {
      await gcloud('attestors', 'create', id, `--attestation-authority-note=${noteId}`, `--attestation-authority-note-project=${project}`)
    },
    addPgpKey: async (attestor, keyFile) => {
      await gcloud('attestors', 'public-keys', 'add', `--attestor=${attestor}`, `--pgp-public-key-file=${keyFile}`)
    },
    listAttestors: () => gcloud('attestors', 'list'),
    writePayload: async (artifactUrl, file) => writeFileSync(file, await gcloud('create-signature-payload', `--artifact-url=${artifactUrl}`)),
    createAttestation: async (attestor, { artifactUrl, signatureFile, fingerprint }) => {
      const name = `--attestor=projects/${project}/attestors/${attestor}`
      await gcloud(
        'attestations',
        'create',
        `--artifact-url=${artifactUrl}`,
        name,
        `--signature-file=${signatureFile}`,
        `--public-key-id=${fingerprint}`,
        '--validate',
      )
    },
    listAttestations: (attestor) => gcloud('attestations', 'list', `--attestor=projects/${project}/attestors/${attestor}`),
    deleteAttestor: async (attestor) => {
      await gcloud('attestors', 'delete', attestor)
    },
  }
}
