import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { getPart } from './parts.ts'
import { tempFolder } from './temp-folder.ts'

/** The PIN of the token. */
export const HSM_PIN = '1234'

/** A token of SoftHSM with keys on it, in a folder of its own. */
export interface SoftHsm {
  /** Path of the PKCS#11 module. */
  readonly module: string
  /** What programs that use the token need in their environment. */
  readonly env: Readonly<Record<string, string>>
  /** Makes a key pair on the token `demo`: `EC:prime256v1`, `rsa:2048`. */
  addKey(type: string, options: { readonly label: string; readonly id: string }): void
}

/** Makes a token `demo`. Needs the parts `softhsm2-util` and `pkcs11-tool`. */
export function makeSoftHsm(): SoftHsm {
  const folder = tempFolder()
  const [util, tool] = [getPart('softhsm2-util'), getPart('pkcs11-tool')]
  const module = join(dirname(util.path), '../lib/softhsm/libsofthsm2.so')
  const config = join(folder, 'softhsm2.conf')
  mkdirSync(join(folder, 'tokens'))
  writeFileSync(config, `directories.tokendir = ${join(folder, 'tokens')}\n`)
  const env = { ...util.env, ...tool.env, SOFTHSM2_CONF: config, PATH: [dirname(tool.path), process.env['PATH']].join(delimiter) }
  const run = (path: string, args: readonly string[]): void => {
    const { status, stderr } = spawnSync(path, args, { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${path} ${args.join(' ')}: ${stderr}`)
  }
  run(util.path, ['--module', module, '--init-token', '--free', '--label', 'demo', '--pin', HSM_PIN, '--so-pin', '5678'])
  const login = ['--module', module, '--token-label', 'demo', '--login', '--pin', HSM_PIN]
  return {
    module,
    env,
    addKey: (type, { label, id }) => run(tool.path, [...login, '--keypairgen', '--key-type', type, '--label', label, '--id', id]),
  }
}
