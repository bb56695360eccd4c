import { readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rolldown, type Plugin } from 'rolldown'
import type { Component } from './component.ts'

const checkout = join(import.meta.dirname, '../..')

/** The program as it travels: a folder of JavaScript modules, and the npm packages whose code went into them. */
export interface Bundle {
  readonly files: ReadonlyMap<string, string>
  readonly packages: readonly Component[]
}

/** The program's entries: what a person starts, and the worker that the server starts. */
const entries = {
  countersign: join(checkout, 'packages/countersign/src/main.ts'),
  'gate-worker': join(checkout, 'packages/server/src/composition/gate-worker.ts'),
}

/** Bundles the program. Nothing is minified, so that a stack trace can be read; `countersign.mjs` starts by itself where
 * Node.js lies at `/usr/bin/node`. */
export async function bundleProgram(): Promise<Bundle> {
  const bundle = await rolldown({ input: entries, cwd: checkout, platform: 'node', plugins: [workersAreModules] })
  const { output } = await bundle.generate({
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
    banner: ({ name }) => (name === 'countersign' ? '#!/usr/bin/node' : ''),
  })
  await bundle.close()
  const chunks = output.filter((file) => file.type === 'chunk')
  const packages = new Map(chunks.flatMap((chunk) => chunk.moduleIds.flatMap(packageOf)).map((found) => [found.name, found]))
  return {
    files: new Map(chunks.map((chunk) => [chunk.fileName, chunk.code])),
    packages: [...packages.values()].sort((one, other) => (one.name < other.name ? -1 : 1)),
  }
}

/** A worker is started by the URL of its module: in the bundle that module lies beside its parent and is JavaScript. */
const workersAreModules: Plugin = {
  name: 'workers-are-modules',
  transform: (code) => ({ code: code.replaceAll(/new URL\('\.\/([a-z-]+)\.ts', import\.meta\.url\)/g, "new URL('./$1.mjs', import.meta.url)") }),
}

/** The npm package that a module belongs to, from the last `node_modules` of its path; none for our own. */
function packageOf(moduleId: string): readonly Component[] {
  const match = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(moduleId)
  if (match?.[1] === undefined || match[2] === undefined) return []
  const manifest = JSON.parse(readFileSync(join(match[1], 'package.json'), 'utf8')) as { readonly version: string; readonly license?: string }
  return [
    {
      name: match[2],
      version: manifest.version,
      purl: `pkg:npm/${match[2].replace('@', '%40')}@${manifest.version}`,
      ...(manifest.license === undefined ? {} : { license: manifest.license }),
    },
  ]
}

/** The version that every part of the program bears. */
export function programVersion(): string {
  return (JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { readonly version: string }).version
}

/** Node.js as npm brought it: the program that runs the bundle, its version and its licence text. */
export function ownNode(): { readonly program: string; readonly licenseFile: string; readonly component: Component } {
  const program = realpathSync(join(checkout, 'node_modules/.bin/node'))
  const folder = dirname(dirname(program))
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly version: string }
  return {
    program,
    licenseFile: join(folder, 'LICENSE'),
    component: { name: 'node', version, purl: `pkg:generic/node@${version}`, license: 'MIT' },
  }
}
