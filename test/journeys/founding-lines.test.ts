import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type DemoImage, makeDemoImage } from '../../tools/demo/image.ts'
import { plainEnvironment, startChild } from '../harness/child.ts'
import { getPart, missingParts, runPart } from '../harness/parts.ts'
import { clientEnvironment } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { gcloudEnvironment } from './gcloud-hand.ts'
import { openPlace, type Place } from './place.ts'
import { PROJECT } from './story.ts'

const LINES = readFileSync(new URL('founding-lines.sh', import.meta.url), 'utf8')
const BIN = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url))
const PARTS = ['gpg', 'gpgconf', 'curl', 'docker-registry', 'skopeo', 'umoci'] as const

/** What is replaced in the document's lines, in this order; each must be there. */
type Replacements = readonly (readonly [string, string])[]

test('the lines of the founding document, with gcloud replaced by countersign', { skip: missingParts(...PARTS) }, async (t) => {
  const place = await openPlace()
  t.after(() => place.server.stop())
  const image = await openImage(t)
  const written = await runLines(t, place, {
    replacements: [
      [`gcloud config list --format 'value(core.project)'`, `echo ${PROJECT}`],
      ['gcloud config get-value core/account', 'echo attestor@example.com'],
      ['gcloud auth print-access-token', 'cat "$COUNTERSIGN_TOKEN_FILE"'],
      ['https://containeranalysis.googleapis.com', place.server.apiUrl],
      [`"gcr.io/\${PROJECT}/nginx"`, image.repository],
      [`gcloud --project="\${PROJECT}" \\\n    beta container binauthz`, `countersign --project="\${PROJECT}"`],
      ['gcloud beta container binauthz', 'countersign'],
      ['gcloud container images', 'countersign images'],
    ],
    env: { ...clientEnvironment(place.server), COUNTERSIGN_PROJECT: PROJECT },
  })
  assert.match(written, new RegExp(`│ manually-verified │ projects/${PROJECT}/notes/Human-Attestor-Note │ 1 +│`))
  assert.match(written, new RegExp(`resourceUri: '?${image.repository}@${image.digest}`))
})

test('the lines of the founding document by gcloud, at our address', { skip: missingParts('gcloud', ...PARTS) }, async (t) => {
  const place = await openPlace()
  t.after(() => place.server.stop())
  const image = await openImage(t)
  const written = await runLines(t, place, {
    replacements: [
      ['https://containeranalysis.googleapis.com', place.server.apiUrl],
      [`"gcr.io/\${PROJECT}/nginx"`, image.repository],
      // It asks no registry but Google's.
      [`gcloud container images list-tags --format='get(digest)' $IMAGE_PATH`, `echo ${image.digest}`],
      // Today's gcloud no longer knows the document's names of these two.
      ['--public-key-file', '--pgp-public-key-file'],
      ['--pgp-key-fingerprint', '--public-key-id'],
    ],
    env: { ...gcloudEnvironment(place.server, PROJECT), CLOUDSDK_CORE_ACCOUNT: 'attestor@example.com' },
  })
  assert.match(written, new RegExp(`resourceUri: '?${image.repository}@${image.digest}`))
})

async function openImage(t: TestContext): Promise<DemoImage> {
  const image = await makeDemoImage(tempFolder())
  t.after(() => image.registry?.stop())
  return image
}

interface Run {
  readonly replacements: Replacements
  readonly env: Readonly<Record<string, string>>
}

/** Runs the document's lines in a shell and gives what they wrote; no attestor may be left at their end. */
async function runLines(t: TestContext, { cli }: Place, { replacements, env }: Run): Promise<string> {
  const folder = tempFolder()
  const gnupg = join(folder, 'gpg')
  mkdirSync(gnupg, { mode: 0o700 })
  // A person is asked for a passphrase and gives none.
  writeFileSync(join(gnupg, 'none'), '')
  writeFileSync(join(gnupg, 'gpg.conf'), `batch\ntrust-model always\npinentry-mode loopback\npassphrase-file ${join(gnupg, 'none')}\n`)
  t.after(() => runPart('gpgconf', ['--kill', 'all'], { env: { GNUPGHOME: gnupg } }))
  const path = [BIN, dirname(getPart('gpg').path), dirname(getPart('curl').path), plainEnvironment()['PATH']].join(':')
  const shell = startChild('bash', ['-c', replacements.reduce(replaceIn, LINES)], {
    cwd: folder,
    env: { ...plainEnvironment({ HOME: folder, ...env }), GNUPGHOME: gnupg, PATH: path },
  })
  const { code } = await shell.ended
  assert.equal(code, 0, `${shell.stdout()}${shell.stderr()}`)
  assert.equal(await cli('attestors', 'list', '-o', 'value(name)'), '')
  return shell.stdout()
}

function replaceIn(text: string, [from, to]: Replacements[number]): string {
  assert.ok(text.includes(from), `the document says ${from}`)
  return text.replaceAll(from, to)
}
