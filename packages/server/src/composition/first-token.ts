import type { Tokens } from '@countersign/service/access/tokens.ts'
import type { DataFolder } from './data-folder.ts'
import { readFileIfPresent, writeFileDurably } from './data-folder.ts'

/** Who makes the first token: nobody can call as this. */
const FIRST_START = { principal: 'system:first-start', role: 'admin', notes: [] } as const

/**
 * Makes the first admin token where its file is missing: at first start, and again where somebody who owns the data folder removed the file. The file is
 * readable by its owner alone, the store keeps a hash.
 */
export async function ensureAdminToken(tokens: Tokens, { adminTokenFile }: DataFolder): Promise<void> {
  if (readFileIfPresent(adminTokenFile) !== undefined) return
  const { text } = await tokens.createToken(FIRST_START, { displayName: 'first admin token', role: 'admin' })
  writeFileDurably(adminTokenFile, `${text}\n`, 0o600)
}
