import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Why real gpg cannot be asked here; false where it can. For `test(name, { skip })`. */
export const GNUPG_ABSENT: string | false = spawnSync('gpg', ['--version']).status === 0 ? false : 'gpg is not installed'

/** A GnuPG home of its own. Its path is short, because the agent's socket lies in it. */
export class GnuPg {
  readonly #home = mkdtempSync(join(tmpdir(), 'cs-'))

  /** Runs gpg with an empty passphrase and gives its output. Throws with gpg's own words. */
  run(args: readonly string[], input: Uint8Array | string = ''): Buffer {
    const batch = args.includes('--command-fd') ? [] : ['--batch']
    const options = ['--no-tty', '--yes', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', '', '--no-auto-check-trustdb']
    return execFileSync('gpg', [...batch, ...options, ...args], { env: { ...process.env, GNUPGHOME: this.#home }, input, stdio: 'pipe' })
  }

  /** Makes a key for signing and gives its fingerprint. */
  makeKey(algorithm: string, options: { readonly life?: string; readonly time?: string } = {}): string {
    const user = `${algorithm}-${Math.abs(process.hrtime()[1])}@example.com`
    const time = options.time === undefined ? [] : ['--faked-system-time', `${options.time}!`]
    this.run([...time, '--quick-gen-key', user, algorithm, 'sign', options.life ?? 'never'])
    return this.fingerprints(user)[0] ?? ''
  }

  /** Fingerprints of the primary key and its subkeys. */
  fingerprints(user: string): readonly string[] {
    const listing = this.run(['--with-colons', '--with-subkey-fingerprint', '--list-keys', user]).toString()
    return [...listing.matchAll(/^fpr:+([0-9A-F]{40}):/gm)].map((match) => match[1] ?? '')
  }

  exportKey(user: string): string {
    return this.run(['--armor', '--export', user]).toString()
  }

  exportSecretKey(user: string): string {
    return this.run(['--armor', '--export-secret-keys', user]).toString()
  }

  /** Revokes a key as `--edit-key` does, with a reason's number from its menu: 0 none, 1 compromised, 2 superseded, 3 no longer used. */
  revoke(fingerprint: string, reason: number, subkey?: number): void {
    const select = subkey === undefined ? [] : [`key ${subkey}`]
    const answers = [...select, 'revkey', 'y', String(reason), '', 'y', 'save']
    this.run(['--command-fd', '0', '--edit-key', fingerprint], `${answers.join('\n')}\n`)
  }

  /** Whether gpg finds the signature good; of a detached one over `data`. */
  verifies(signature: Uint8Array, data?: Uint8Array): boolean {
    const file = join(this.#home, 'signature')
    writeFileSync(file, signature)
    const args = data === undefined ? ['--verify', file] : ['--verify', file, '-']
    const env = { ...process.env, GNUPGHOME: this.#home }
    return spawnSync('gpg', ['--batch', '--trust-model', 'always', ...args], { env, input: data ?? '' }).status === 0
  }

  /** Ends the agent that gpg started for this home, and removes the home. */
  close(): void {
    spawnSync('gpgconf', ['--homedir', this.#home, '--kill', 'all'])
    rmSync(this.#home, { recursive: true, force: true })
  }
}
