import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { runCli } from '../harness/cli.ts'
import { clientEnvironment } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { BAD, DENY_ALL, podOf, type Session, startSession } from './session.ts'

/*
 * Class C18, parser differential: `countersign evaluate` in a pipeline must not pass a manifest that the cluster reads as
 * something else. Exit 0 is "may run".
 */
let session: Session
const folder = tempFolder()
const GOOD = 'good.example/app'
const HEAD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n'
const SPEC = `containers: [{name: c, image: ${BAD}}]`

before(async () => {
  session = await startSession({ ...DENY_ALL, admissionWhitelistPatterns: [{ namePattern: 'good.example/*' }] })
})

async function evaluate(text: string): Promise<number> {
  const file = join(folder, 'manifest.yaml')
  writeFileSync(file, text)
  return (await runCli(['evaluate', file], { env: { ...clientEnvironment(session), COUNTERSIGN_PROJECT: 'p1' } })).code
}

test('the harness: a good manifest passes, a bad one does not', async () => {
  assert.deepEqual([await evaluate(JSON.stringify(podOf(GOOD))), await evaluate(JSON.stringify(podOf(BAD)))], [0, 1])
})

for (const [trick, text] of Object.entries({
  'an empty list of items in a Pod': `${HEAD}items: []\nspec: {${SPEC}}\n`,
  'a good Pod among the items of a bad Pod': `${HEAD}items: [${JSON.stringify(podOf(GOOD))}]\nspec: {${SPEC}}\n`,
  'a typed list whose items say no kind': `apiVersion: v1\nkind: PodList\nitems:\n- {metadata: {name: x}, spec: {${SPEC}}}\n`,
  'a merge key that holds the spec': `${HEAD}x: &s {${SPEC}}\nspec:\n  <<: *s\n`,
  'a merge key that holds the image': `${HEAD}x: &s {image: "${BAD}"}\nspec:\n  containers:\n  - <<: *s\n    name: c\n`,
})) {
  test(`class C18: ${trick} is judged`, async () => {
    assert.equal(await evaluate(text), 1)
  })
}

const container = (line: string) => `${HEAD}spec:\n  containers:\n  - name: c\n    ${line}\n`
for (const [trick, text] of Object.entries({
  'a member twice': container(`image: ${GOOD}\n    image: ${BAD}`),
  'a line end that only YAML 1.1 knows, in a comment': container(`image: ${GOOD} #\u2028    image: ${BAD}`),
  'a carriage return in a comment': container(`image: ${GOOD} #\r    image: ${BAD}`),
  'an image in base64': container('image: !!binary ZXZpbC5leGFtcGxlL3g='),
  'a list inside a list': 'apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: []}]\n',
  'an image that is no text': container('image: 1.20'),
})) {
  test(`class C18: ${trick} is refused`, async () => {
    assert.equal(await evaluate(text), 2)
  })
}
