import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { test } from 'node:test'
import { readGo } from '@countersign/adapters/listing/readers/go.ts'
import { getPart, missingParts } from '../harness/parts.ts'

const hasGo = spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0

for (const name of ['docker-registry', 'skopeo', 'umoci', 'cosign']) {
  test(`the modules of ${name} are those that go version -m names`, { skip: hasGo ? missingParts(name) : 'Go is not here' }, async () => {
    const { path } = getPart(name)
    const said = execFileSync('go', ['version', '-m', path], { encoding: 'utf8', env: { ...process.env, GOTOOLCHAIN: 'local' } })
    const modules: string[] = [...(/: (go\S+)/.exec(said)?.slice(1) ?? [])]
    for (const [, word, module, version] of said.matchAll(/^\t(mod|dep|=>)\t(\S+)\t(\S*)/gm)) {
      if (word === '=>') modules.pop()
      modules.push(`${module} ${version === '' ? '(devel)' : version}`)
    }
    const { packages = [] } = await readGo(createReadStream(path), path)
    assert.deepEqual(
      packages.map(({ type, name: module, version }) => (type === 'GO_STDLIB' ? version : `${module} ${version}`)),
      modules,
    )
  })
}
