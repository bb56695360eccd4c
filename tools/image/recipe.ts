import { copyFileSync, chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Bundle, ownNode } from './bundle.ts'

/** What makes one of our images differ from the other. */
export interface Recipe {
  readonly name: string
  readonly title: string
  /** Debian packages, with all that they need: nothing is resolved. */
  readonly packages: readonly string[]
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  /** Whether `/kritis/signer` is there, which takes the command line of kritis' signer. */
  readonly kritisSigner: 'PRESENT' | 'ABSENT'
}

/** Who runs inside: nobody that has a name elsewhere, and not root. */
export const USER = 65532
/** Where data lies: the one place that must be a volume; everything else may be read-only. */
export const DATA_FOLDER = '/var/lib/countersign'

const runtime = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1']
const shell = [
  'bash',
  'coreutils',
  'libtinfo6',
  'libacl1',
  'libattr1',
  'libselinux1',
  'libpcre2-8-0',
  'libgmp10',
  'libssl3t64',
  'libzstd1',
  'zlib1g',
  'libsystemd0',
  'libcap2',
]

/** Server and gate, and nothing beside them: no shell, no tools. */
const server: Recipe = {
  name: 'countersign',
  title: 'Countersign: server, gate and hand tool',
  packages: runtime,
  entrypoint: ['/usr/bin/countersign'],
  command: ['serve'],
  kritisSigner: 'ABSENT',
}

/** For the steps of a build pipeline, which are shell scripts: a shell, and the signer where kritis' image has it (founding document 1). */
const pipeline: Recipe = {
  name: 'countersign-signer',
  title: 'Countersign: the signer for build pipelines',
  packages: [...runtime, ...shell],
  entrypoint: ['/kritis/signer'],
  command: [],
  kritisSigner: 'PRESENT',
}

/** All images that we make. */
export const recipes: readonly Recipe[] = [server, pipeline]

/** Lays Node.js out as an image has it. */
export function layOutNode(root: string): void {
  const { program, licenseFile } = ownNode()
  place(program, join(root, 'usr/bin/node'), 0o755)
  place(licenseFile, join(root, 'usr/share/doc/node/copyright'), 0o644)
}

/** Lays the program out as an image has it, with its SBOM and the names of its user. */
export function layOutProgram(
  root: string,
  options: { readonly recipe: Recipe; readonly bundle: Bundle; readonly sbom: unknown; readonly license: string },
): void {
  for (const [name, code] of options.bundle.files) write(join(root, 'opt/countersign', name), code, name === 'countersign.mjs' ? 0o755 : 0o644)
  place(options.license, join(root, 'usr/share/doc/countersign/copyright'), 0o644)
  write(join(root, 'usr/share/doc/countersign/sbom.cdx.json'), JSON.stringify(options.sbom), 0o644)
  write(
    join(root, 'etc/passwd'),
    `root:x:0:0:root:/root:/sbin/nologin\ncountersign:x:${USER}:${USER}:countersign:${DATA_FOLDER}:/sbin/nologin\n`,
    0o644,
  )
  write(join(root, 'etc/group'), `root:x:0:\ncountersign:x:${USER}:\n`, 0o644)
  mkdirSync(join(root, 'usr/bin'), { recursive: true })
  symlinkSync('/opt/countersign/countersign.mjs', join(root, 'usr/bin/countersign'))
  if (options.recipe.kritisSigner === 'PRESENT') {
    write(join(root, 'kritis/signer'), '#!/bin/bash\nexec /usr/bin/countersign signer "$@"\n', 0o755)
  }
}

/** Lays out the data folder, the one thing that belongs to the image's user. */
export function layOutData(root: string): void {
  mkdirSync(join(root, DATA_FOLDER), { recursive: true, mode: 0o700 })
}

function place(from: string, to: string, mode: number): void {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
  chmodSync(to, mode)
}

function write(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
}
