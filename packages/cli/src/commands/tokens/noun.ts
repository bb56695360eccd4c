import type { Noun } from '../verb.ts'
import { createToken } from './create.ts'
import { listTokens } from './list.ts'
import { revokeToken } from './revoke.ts'

export const tokens: Noun = { name: 'tokens', summary: 'API tokens', verbs: [createToken, listTokens, revokeToken] }
