import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Component } from './component.ts'

/** The Debian release whose files the images are made of: the stable one, whatever runs on the machine that builds. */
const SUITE = 'trixie'

/** A folder with the files of Debian packages, as they lie in the root of an image, and what these packages are. */
export interface DebianFiles {
  readonly folder: string
  readonly components: readonly Component[]
}

/**
 * Unpacks Debian packages, once for a list of packages; afterwards the cache answers, until `fresh` asks for the newest versions.
 * Documentation, translations and character tables go; copyright texts stay, and so does each package's entry in
 * `/var/lib/dpkg/status.d`, where scanners look for it.
 */
export async function unpackDebian(packages: readonly string[], options: { readonly fresh: boolean }): Promise<DebianFiles> {
  const folder = join(cacheFolder(), `${SUITE}-${process.arch}-${createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 16)}`)
  if (options.fresh) rmSync(folder, { recursive: true, force: true })
  if (!existsSync(folder)) {
    const making = `${folder}.${process.pid}`
    rmSync(making, { recursive: true, force: true })
    mkdirSync(making, { recursive: true })
    await unpack(making, packages)
    trim(making)
    if (existsSync(folder)) rmSync(making, { recursive: true })
    else renameSync(making, folder)
  }
  return { folder, components: componentsOf(folder) }
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'countersign', 'image')
}

function unpack(folder: string, packages: readonly string[]): Promise<void> {
  const script = join(import.meta.dirname, '../debian-bin.sh')
  return new Promise((resolve, reject) => {
    const child = spawn('sh', [script, SUITE, folder, ...packages], { stdio: ['ignore', 'ignore', 'inherit'] })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`Cannot unpack Debian's ${packages.join(', ')}: code ${code ?? 'none'}, expected apt-get and a Debian mirror`))
    })
  })
}

const needless = [
  'usr/share/{man,locale,info,lintian,bug,menu}',
  'usr/lib/*/gconv',
  'var/cache',
  'etc/{kernel,cron.*,skel}',
  'usr/share/doc/*/!(copyright)',
]

function trim(folder: string): void {
  for (const path of globSync(needless, { cwd: folder })) rmSync(join(folder, path), { recursive: true, force: true })
}

function componentsOf(folder: string): readonly Component[] {
  const status = join(folder, 'var/lib/dpkg/status.d')
  return readdirSync(status)
    .sort()
    .map((name) => {
      const control = readFileSync(join(status, name), 'utf8')
      const [version, architecture] = [field(control, 'Version'), field(control, 'Architecture')]
      return { name, version, purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}&distro=${SUITE}` }
    })
}

function field(control: string, name: string): string {
  const line = control.split('\n').find((text) => text.startsWith(`${name}: `))
  if (line === undefined) throw new Error(`Cannot read a Debian package's control file: no ${name}`)
  return line.slice(name.length + 2)
}
