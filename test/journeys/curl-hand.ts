import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseYamlDocuments } from '@countersign/api/file/yaml.ts'
import { runPart } from '../harness/parts.ts'
import type { Doors } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import type { Hand } from './hand.ts'

/** Drives the server with literal curl lines, as the tutorials print them: trailing slash, snake_case and all. */
export function curlHand({ apiUrl, adminTokenFile }: Doors, project: string): Hand {
  const token = readFileSync(adminTokenFile, 'utf8').trim()
  const body = join(tempFolder(), 'body.json')
  const curl = (method: string, path: string, message?: unknown): Promise<string> => {
    if (message !== undefined) writeFileSync(body, JSON.stringify(message))
    const data = message === undefined ? [] : ['-H', 'Content-Type: application/json', '--data-binary', `@${body}`]
    return runPart('curl', ['-sS', '--fail-with-body', '-X', method, '-H', `Authorization: Bearer ${token}`, ...data, `${apiUrl}${path}`])
  }
  const attestorPath = (id: string): string => `/v1/projects/${project}/attestors/${id}`
  const getAttestor = async (id: string): Promise<AttestorMessage> => JSON.parse(await curl('GET', attestorPath(id))) as AttestorMessage
  return {
    importPolicy: async (yaml) => {
      const parsed = parseYamlDocuments(yaml)
      if (!parsed.ok) throw new Error('The test writes a policy that is no YAML')
      await curl('PUT', `/v1/projects/${project}/policy`, parsed.value[0]?.tree)
    },
    exportPolicy: () => curl('GET', `/v1/projects/${project}/policy`),
    createNote: async (id) => {
      const hint = { human_readable_name: 'Human Attestation Note Demo' }
      await curl('POST', `/v1beta1/projects/${project}/notes/?noteId=${id}`, {
        name: `projects/${project}/notes/${id}`,
        attestation_authority: { hint },
      })
    },
    createAttestor: async (id, noteId) => {
      const note = { note_reference: `projects/${project}/notes/${noteId}` }
      await curl('POST', `/v1beta1/projects/${project}/attestors?attestorId=${id}`, { user_owned_drydock_note: note })
    },
    addPgpKey: async (id, keyFile) => {
      const attestor = await getAttestor(id)
      const { publicKeys = [], ...note } = attestor.userOwnedGrafeasNote
      const added = { ...note, publicKeys: [...publicKeys, { asciiArmoredPgpPublicKey: readFileSync(keyFile, 'utf8') }] }
      await curl('PUT', attestorPath(id), { ...attestor, userOwnedGrafeasNote: added })
    },
    listAttestors: () => curl('GET', `/v1/projects/${project}/attestors`),
    writePayload: async (artifactUrl, file) => {
      const [repository, digest] = artifactUrl.split('@')
      const image = { 'docker-manifest-digest': digest }
      const critical = { identity: { 'docker-reference': repository }, image, type: 'Google cloud binauthz container signature' }
      writeFileSync(file, JSON.stringify({ critical }))
    },
    createAttestation: async (attestor, { artifactUrl, payloadFile, signatureFile, fingerprint }) => {
      const { noteReference } = (await getAttestor(attestor)).userOwnedGrafeasNote
      const signature = readFileSync(signatureFile).toString('base64')
      const attestation = { serializedPayload: readFileSync(payloadFile).toString('base64'), signatures: [{ publicKeyId: fingerprint, signature }] }
      await curl('POST', `/v1/projects/${project}/occurrences/`, { resourceUri: `https://${artifactUrl}`, noteName: noteReference, attestation })
    },
    listAttestations: async (attestor) => curl('GET', `/v1/${(await getAttestor(attestor)).userOwnedGrafeasNote.noteReference}/occurrences`),
    deleteAttestor: async (id) => {
      await curl('DELETE', attestorPath(id))
    },
  }
}

interface AttestorMessage {
  readonly userOwnedGrafeasNote: { readonly noteReference: string; readonly publicKeys?: readonly unknown[] }
}
