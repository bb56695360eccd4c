import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const version = spawnSync('openssl', ['version'])

/** Why real openssl cannot be asked here; false where it can. For `test(name, { skip })`. */
export const OPENSSL_ABSENT: string | false = version.status === 0 ? false : 'openssl is not installed'

/** Whether this openssl knows an algorithm for keys, such as `ML-DSA-65`. */
export function opensslKnows(algorithm: string): boolean {
  return spawnSync('openssl', ['genpkey', '-algorithm', algorithm]).status === 0
}

/** A folder in which openssl works. */
export class OpenSsl {
  readonly #folder = mkdtempSync(join(tmpdir(), 'cs-'))

  /** Writes a file for openssl and gives its path. */
  write(name: string, content: Uint8Array | string): string {
    const path = join(this.#folder, name)
    writeFileSync(path, content)
    return path
  }

  /** Runs openssl and gives its output. Throws with its own words. */
  run(args: readonly string[], input: Uint8Array | string = ''): Buffer {
    return execFileSync('openssl', [...args], { input, stdio: 'pipe' })
  }

  succeeds(args: readonly string[], input: Uint8Array | string = ''): boolean {
    return spawnSync('openssl', [...args], { input }).status === 0
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
