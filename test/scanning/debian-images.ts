import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { runPart } from '../harness/parts.ts'
import { tempFolder } from '../harness/temp-folder.ts'

/** What the system's own apt knows: an old version that images have, and the one that mends it. */
const OLD = ['base-files/bookworm', 'libssl3/bookworm', 'openssl/bookworm', 'zlib1g/bookworm']
const PATCHED = ['base-files/bookworm', 'libssl3/bookworm-security', 'openssl/bookworm-security', 'zlib1g/bookworm']

/** An image made of Debian's packages as they are, in a layout. */
export interface DebianImage {
  /** `FOLDER:TAG`, as umoci and skopeo name it. */
  readonly layout: string
  /** The folder that its one layer is. */
  readonly root: string
  readonly packages: readonly string[]
}

/** The two images, or the reason why they cannot be had. */
export async function makeDebianImages(): Promise<{ readonly old: DebianImage; readonly patched: DebianImage } | string> {
  const [old, patched] = [download(OLD), download(PATCHED)]
  if (old === undefined || patched === undefined) return 'apt-get reaches no mirror of Debian bookworm and its security suite'
  return { old: await makeImage(old), patched: await makeImage(patched) }
}

/** What Debian's own changelog says was mended in the patched openssl and not in the old one, as the security tracker would tell it. */
export function trackerOf(old: DebianImage, patched: DebianImage): { readonly cves: readonly string[]; readonly tree: object } {
  const fixes = [fixesOf(old), fixesOf(patched)] as const
  const cves = [...fixes[1].keys()].filter((cve) => !fixes[0].has(cve))
  const vulnerabilities = Object.fromEntries(
    [...fixes[1]].map(([cve, version]) => {
      const bookworm = { status: 'resolved', fixed_version: version, urgency: 'high' }
      return [cve, { description: `${cve}, from Debian's changelog; the urgency is the test's`, releases: { bookworm } }]
    }),
  )
  return { cves, tree: { openssl: vulnerabilities } }
}

/** Each CVE of the changelog and the version whose entry names it first. */
function fixesOf({ root }: DebianImage): ReadonlyMap<string, string> {
  const changelog = gunzipSync(execFileSync('cat', [join(root, 'usr/share/doc/openssl/changelog.Debian.gz')])).toString()
  const fixes = new Map<string, string>()
  for (const entry of changelog.split(/^(?=\S+ \([^)]+\) )/m).reverse()) {
    const version = /^\S+ \(([^)]+)\)/.exec(entry)?.[1] ?? ''
    for (const [cve] of entry.matchAll(/CVE-\d{4}-\d{4,}/g)) if (!fixes.has(cve)) fixes.set(cve, version)
  }
  return fixes
}

function download(packages: readonly string[]): readonly string[] | undefined {
  const folder = tempFolder()
  const { status } = spawnSync('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', 'download', ...packages], {
    cwd: folder,
    stdio: 'ignore',
    timeout: 60_000,
  })
  return status === 0 ? readdirSync(folder).map((name) => join(folder, name)) : undefined
}

async function makeImage(files: readonly string[]): Promise<DebianImage> {
  const folder = tempFolder()
  const [root, layout, layer] = [join(folder, 'root'), `${join(folder, 'layout')}:v1`, join(folder, 'layer.tar')]
  const status = join(root, 'var/lib/dpkg/status.d')
  mkdirSync(status, { recursive: true })
  const packages = files.map((file) => {
    execFileSync('dpkg-deb', ['-x', file, root])
    const [name = '', version = ''] = execFileSync('dpkg-deb', ['-f', file, 'Package', 'Version'], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.replace(/^\w+: /, ''))
    writeFileSync(join(status, name), execFileSync('dpkg-deb', ['-f', file]))
    return `${name} ${version}`
  })
  execFileSync('tar', ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '-C', root, '-cf', layer, '.'])
  await runPart('umoci', ['init', '--layout', join(folder, 'layout')])
  await runPart('umoci', ['new', '--image', layout])
  await runPart('umoci', ['raw', 'add-layer', '--no-history', '--image', layout, layer])
  return { layout, root, packages }
}
