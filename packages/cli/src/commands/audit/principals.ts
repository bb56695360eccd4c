import { type Api, pathOf, textIn, type Tree, treesIn } from '../../connection/api.ts'

const TOKEN = 'token:'

/**
 * Says who a principal is: a token's name instead of its id, where the caller may see tokens. Two tokens may have one name, so the id stays
 * beside a name that is not the only one.
 */
export async function namePrincipals(api: Api, entries: readonly Tree[]): Promise<(principal: string) => string> {
  const isToken = (entry: Tree) => textIn(entry, 'protoPayload', 'authenticationInfo', 'principalEmail').startsWith(TOKEN)
  const tokens = entries.some(isToken) ? await listTokens(api) : []
  const names = tokens.map((token) => textIn(token, 'displayName'))
  const shown = new Map(
    tokens.map((token) => {
      const [id, name] = [textIn(token, 'name').replace('tokens/', ''), textIn(token, 'displayName')]
      return [`${TOKEN}${id}`, names.filter((other) => other === name).length > 1 ? `${name} (${id})` : name]
    }),
  )
  return (principal) => shown.get(principal) || principal
}

async function listTokens(api: Api): Promise<readonly Tree[]> {
  try {
    return treesIn(await api.call('GET', pathOf('/countersign/v1', 'tokens')), 'tokens')
  } catch {
    // Who may read the log need not be one who may see tokens: the ids are in the log.
    return []
  }
}
