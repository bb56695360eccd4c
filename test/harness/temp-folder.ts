import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made = new Set<string>()

/**
 * Makes an empty folder that only this user can read, below the system's temporary folder. It is removed when this
 * process ends. Its path is short, because sockets of gpg's agent live in such folders and must fit into 108 bytes.
 */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cs-'))
  made.add(folder)
  return folder
}

process.on('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
})
