// Generates packages/api/src/gen, the copies of Google's .proto files from which it comes, and deploy/manifests. `--check` only compares.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { renderManifests } from './manifests.mjs'
import { root, runUnderOwnNode } from './set-up.mjs'

const protoFolder = join(root, 'packages/api/proto')
const genFolder = join(root, 'packages/api/src/gen')
const manifestFolder = join(root, 'deploy/manifests')
const googleFolder = join(root, 'node_modules/google-proto-files')
const own = 'countersign/'
/** What we serve of Google's. Whatever these import comes with them; google/protobuf is inside buf. */
const roots = [
  'google/cloud/binaryauthorization/v1/service.proto',
  'google/cloud/binaryauthorization/v1beta1/service.proto',
  'google/devtools/containeranalysis/v1/containeranalysis.proto',
  'google/devtools/containeranalysis/v1beta1/containeranalysis.proto',
  'google/devtools/containeranalysis/v1beta1/grafeas/grafeas.proto',
  'grafeas/v1/grafeas.proto',
]

await runUnderOwnNode(import.meta.url, async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'countersign-generate-'))
  try {
    const protos = collectProtos()
    const gen = generate(protos, scratch)
    const manifests = renderManifests()
    if (process.argv.includes('--check')) return check(protos, gen, manifests)
    replaceFolder(join(protoFolder, 'google'), within(protos, 'google'))
    replaceFolder(join(protoFolder, 'grafeas'), within(protos, 'grafeas'))
    replaceFolder(genFolder, gen)
    replaceFolder(manifestFolder, manifests)
    console.log(`${protos.size} .proto files, ${gen.size} generated files, ${manifests.size} manifests`)
    return 0
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
})

/** Our own files as they are, and Google's that are reachable from them and from the roots. */
function collectProtos() {
  const protos = new Map()
  const waiting = [...filesUnder(join(protoFolder, own)).keys()].map((path) => own + path).concat(roots)
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (protos.has(path) || path.startsWith('google/protobuf/')) continue
    const text = readFileSync(join(path.startsWith(own) ? protoFolder : googleFolder, path), 'utf8')
    protos.set(path, text)
    waiting.push(...Array.from(text.matchAll(/^import (?:public )?"([^"]+)";/gm), ([, imported]) => imported))
  }
  return protos
}

function generate(protos, scratch) {
  replaceFolder(join(scratch, 'proto'), protos)
  const template = {
    version: 'v2',
    plugins: [
      {
        local: join(root, 'node_modules/.bin/protoc-gen-es'),
        out: join(scratch, 'gen'),
        // Without erasable_syntax the enums are such as Node's type stripping refuses.
        opt: ['target=ts', 'import_extension=ts', 'json_types=true', 'erasable_syntax=true'],
      },
    ],
  }
  const buf = join(root, 'node_modules/.bin/buf')
  execFileSync(buf, ['generate', join(scratch, 'proto'), '--template', JSON.stringify(template)], { cwd: scratch, stdio: 'inherit' })
  return filesUnder(join(scratch, 'gen'))
}

function check(protos, gen, manifests) {
  const stale = [
    ...differences(protoFolder, protos, filesUnder(protoFolder)),
    ...differences(genFolder, gen, existsSync(genFolder) ? filesUnder(genFolder) : new Map()),
    ...differences(manifestFolder, manifests, existsSync(manifestFolder) ? filesUnder(manifestFolder) : new Map()),
  ]
  for (const path of stale) console.error(`Out of date: ${path}`)
  return stale.length === 0 ? 0 : 1
}

function differences(folder, wanted, present) {
  const paths = new Set([...wanted.keys(), ...present.keys()])
  return [...paths].filter((path) => wanted.get(path) !== present.get(path)).map((path) => relative(root, join(folder, path)))
}

function within(files, folder) {
  return new Map([...files].filter(([path]) => path.startsWith(`${folder}/`)).map(([path, text]) => [path.slice(folder.length + 1), text]))
}

function filesUnder(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(entries.map((entry) => join(entry.parentPath, entry.name)).map((path) => [relative(folder, path), readFileSync(path, 'utf8')]))
}

function replaceFolder(folder, files) {
  rmSync(folder, { recursive: true, force: true })
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}
