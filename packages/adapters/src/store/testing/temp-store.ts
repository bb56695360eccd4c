import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A path for a store in a folder of its own, which goes with the test. */
export function tempStore(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cs-store-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'store.db')
}
