import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPart } from '../../tools/parts.mjs'
import { plainEnvironment, startChild } from '../harness/child.ts'
import { tempFolder } from '../harness/temp-folder.ts'

/** A manifest of the layout, as far as the tests look into it. */
export interface Manifest {
  readonly config: { readonly digest: string }
  readonly layers: readonly { readonly digest: string }[]
  readonly subject?: { readonly digest: string }
}

/** Why images cannot be built or run here, as `skip` wants it: the reason, or false. */
export function missingForImages(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a root folder is entered by root on Linux only'
  if (!succeeds('unshare', ['--mount', 'true'])) return 'this machine lets nobody mount'
  // Another part of the same Debian release: where it could not be had, neither can what the images are made of.
  const sibling = findPart('openssl-3.5')
  if (!sibling.found) return `Debian's packages cannot be fetched here: ${sibling.reason}`
  const apt = ['apt-get', 'dpkg-deb', 'chroot'].filter((program) => !onPath(program))
  return apt.length === 0 ? false : `no ${apt.join(', ')} on this machine`
}

function onPath(program: string): boolean {
  return succeeds('sh', ['-c', `command -v ${program}`])
}

function succeeds(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}

/** Runs `npm run image` into a folder of its own; gives the folder and `{name: digest}`, as it printed them. */
export async function buildLayout(): Promise<{ readonly folder: string; readonly digests: Readonly<Record<string, string>> }> {
  const folder = join(tempFolder(), 'layout')
  const home = process.env.HOME ?? '/'
  const child = startChild(process.execPath, [join(import.meta.dirname, '../../tools/image/main.ts'), '--out', folder], {
    env: plainEnvironment({ HOME: home, ...(process.env.XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }) }),
  })
  const { code } = await child.ended
  if (code !== 0) throw new Error(`The images cannot be built: ${child.stderr()}`)
  const lines = child.stdout().trim().split('\n')
  return { folder, digests: Object.fromEntries(lines.map((line) => line.split('@') as [string, string])) }
}

/** A JSON blob of a layout. */
export function readBlob<T>(folder: string, digest: string): T {
  return JSON.parse(readFileSync(blobFile(folder, digest), 'utf8')) as T
}

/** Where a blob lies. */
export function blobFile(folder: string, digest: string): string {
  return join(folder, 'blobs', digest.replace(':', '/'))
}

/** Unpacks an image's layers, one over the other, into a root folder. */
export function unpackImage(folder: string, digest: string): string {
  const root = tempFolder()
  for (const layer of readBlob<Manifest>(folder, digest).layers) {
    execFileSync('tar', ['--numeric-owner', '-xpzf', blobFile(folder, layer.digest), '-C', root])
  }
  return root
}

/** Whether a part is here, so that a test may use it beside what `missingForImages` asks for. */
export function missingBeside(name: string): string | false {
  const missing = missingForImages()
  if (missing !== false) return missing
  const part = findPart(name)
  return part.found ? false : part.reason
}
