import type { Surroundings } from '../changes/change.ts'
import type { StoredToken, TokenTables } from './ports.ts'

/** Revokes the tokens that are bound to what goes: they must not open what is made under the same name later. */
export async function revokeBound(
  tables: TokenTables,
  isBound: (token: StoredToken) => boolean,
  surroundings: Pick<Surroundings, 'timestamp'>,
): Promise<void> {
  const bound = (await tables.listTokens()).filter((token) => token.revokeTime === undefined && isBound(token))
  for (const token of bound) await tables.revokeToken(token.id, surroundings.timestamp())
}
