import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makePgpPair } from '@countersign/evidence/testing/pgp-keys.ts'
import type { FakeServer } from './testing/fake-server.ts'
import { makeFakeServer } from './testing/fake-server.ts'
import { runInMemory } from './testing/memory-terminal.ts'

/**
 * Every command line of the founding document, with `gcloud` left out and its shell variables filled in, in the order in
 * which the document runs them: they are one story, so they are one test.
 */
const IMAGE = 'gcr.io/p1/nginx'
const DIGEST = 'sha256:02115bc7409dc044f700a729cacc1648dc4e445572e5765fbcc77029b0adba67'

const NOTE = ['notes', 'create', 'Human-Attestor-Note', '--human-readable-name', 'Human Attestation Note Demo']
const EXPORT = ['beta', 'container', 'binauthz', 'policy', 'export']
const IMPORT = ['beta', 'container', 'binauthz', 'policy', 'import', 'policy.yaml']
const CREATE_ATTESTOR = [
  '--project=p1',
  'beta',
  'container',
  'binauthz',
  'attestors',
  'create',
  'manually-verified',
  '--attestation-authority-note=Human-Attestor-Note',
  '--attestation-authority-note-project=p1',
]
const ADD_KEY = [
  '--project=p1',
  'beta',
  'container',
  'binauthz',
  'attestors',
  'public-keys',
  'add',
  '--attestor=manually-verified',
  '--public-key-file=generated-key.pgp',
]
const LIST_ATTESTORS = ['--project=p1', 'beta', 'container', 'binauthz', 'attestors', 'list']
const CREATE_PAYLOAD = ['beta', 'container', 'binauthz', 'create-signature-payload', `--artifact-url=${IMAGE}@${DIGEST}`]
const CREATE_ATTESTATION = (fingerprint: string): readonly string[] => [
  'beta',
  'container',
  'binauthz',
  'attestations',
  'create',
  `--artifact-url=${IMAGE}@${DIGEST}`,
  '--attestor=projects/p1/attestors/manually-verified',
  '--signature-file=generated_signature.pgp',
  `--pgp-key-fingerprint=${fingerprint}`,
]
const LIST_ATTESTATIONS = ['beta', 'container', 'binauthz', 'attestations', 'list', '--attestor=projects/p1/attestors/manually-verified']
const LIST_NAMES = ['beta', 'container', 'binauthz', 'attestors', 'list', '--format=value(name)']
const DELETE = (names: string): readonly string[] => ['beta', 'container', 'binauthz', 'attestors', 'delete', names]
const FIND_DENIED = ['audit', 'list', '--filter', 'resource.type="k8s_cluster" protoPayload.status.message="PERMISSION_DENIED"']

test('every command line of the founding document works with gcloud replaced, old flags included', async () => {
  const server: FakeServer = await makeFakeServer()
  const { key, sign } = await makePgpPair()
  const files: Record<string, string | Uint8Array> = { 'generated-key.pgp': key.asciiArmored }
  const run = async (argv: readonly string[]): Promise<string> => {
    const { exit, stdout, stderr } = await runInMemory(argv, { send: server.send, files })
    assert.equal(exit, 0, `${argv.join(' ')}\n${stderr}`)
    return stdout
  }

  files['policy.yaml'] = (await run(EXPORT)).replace('ALWAYS_ALLOW', 'ALWAYS_DENY')
  assert.match(await run(IMPORT), /^ {2}evaluationMode: ALWAYS_DENY$/m)

  await run(NOTE)
  await run(CREATE_ATTESTOR)
  assert.match(await run(ADD_KEY), new RegExp(`^id: ${key.id}$`, 'm'))
  assert.equal(
    await run(LIST_ATTESTORS),
    [
      '┌───────────────────┬───────────────────────────────────────┬─────────────────┐',
      '│       NAME        │                 NOTE                  │ NUM_PUBLIC_KEYS │',
      '├───────────────────┼───────────────────────────────────────┼─────────────────┤',
      '│ manually-verified │ projects/p1/notes/Human-Attestor-Note │ 1               │',
      '└───────────────────┴───────────────────────────────────────┴─────────────────┘',
      '',
    ].join('\n'),
  )

  const payload = await run(CREATE_PAYLOAD)
  files['generated_signature.pgp'] = await sign(Buffer.from(payload))
  const created = await run(CREATE_ATTESTATION(key.id))
  assert.match(created, new RegExp(`^resourceUri: ${IMAGE}@${DIGEST}$`, 'm'))
  assert.equal(await run(LIST_ATTESTATIONS), created)
  await run(FIND_DENIED)

  const names = await run(LIST_NAMES)
  assert.equal(names, 'projects/p1/attestors/manually-verified\n')
  // `$(…)` takes the last line feed away.
  await run(DELETE(names.trimEnd()))
  assert.equal(await run(LIST_NAMES), '')
})

test('the payload is the original’s, byte for byte', async () => {
  const repository = 'gcr.io/qwiklabs-gcp-04-e98db2f05087/nginx'
  const { stdout } = await runInMemory(['create-signature-payload', `--artifact-url=${repository}@${DIGEST}`])
  const { sha256Hex } = await import('@countersign/evidence/record/hash.ts')
  assert.equal(sha256Hex(stdout), '8ca6bffb7cd34436f02834817a3e96c760db0202a20faa1e8338a34cd1dbe541')
})
