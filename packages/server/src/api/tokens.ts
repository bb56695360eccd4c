import type { MessageInitShape } from '@bufbuild/protobuf'
import { toJson } from '@bufbuild/protobuf'
import { TimestampSchema } from '@bufbuild/protobuf/wkt'
import { type Token, Token_Role, type TokenSchema, Tokens as TokensService } from '@countersign/api/gen/countersign/v1/tokens_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Role } from '@countersign/service/access/ports.ts'
import type { TokenRequest, Tokens, TokenView } from '@countersign/service/access/tokens.ts'
import type { CallContext } from './call-context.ts'
import { toTimestamp } from './time.ts'

const ROLE_OF: Readonly<Record<Token_Role, string>> = {
  [Token_Role.ROLE_UNSPECIFIED]: '',
  [Token_Role.ADMIN]: 'admin',
  [Token_Role.ATTESTOR]: 'attestor',
  [Token_Role.VIEWER]: 'viewer',
  [Token_Role.GATE]: 'gate',
}
const NUMBER_OF: Readonly<Record<Role, Token_Role>> = {
  admin: Token_Role.ADMIN,
  attestor: Token_Role.ATTESTOR,
  viewer: Token_Role.VIEWER,
  gate: Token_Role.GATE,
}

/** `countersign.v1.Tokens` over access. */
export function serveTokens(tokens: Tokens): ServedService<CallContext> {
  return serve(TokensService, {
    createToken: async ({ token }, { caller }) => {
      if (token === undefined) throw new StatusError('INVALID_ARGUMENT', 'a token must be specified')
      const made = await tokens.createToken(caller, readRequest(token))
      return { token: formatToken(made.token), secret: made.text }
    },
    listTokens: async (_request, { caller }) => ({ tokens: (await tokens.listTokens(caller)).map(formatToken) }),
    revokeToken: async ({ name }, { caller }) => formatToken(await tokens.revokeToken(caller, name.replace(/^tokens\//, ''))),
  })
}

function readRequest({ displayName, role, project, noteNames, cluster, expireTime }: Token): TokenRequest {
  const expiry = expireTime === undefined ? {} : { expireTime: toJson(TimestampSchema, expireTime) }
  const bounds = { ...(project === '' ? {} : { project }), ...(cluster === '' ? {} : { cluster }), notes: noteNames }
  return { displayName, role: ROLE_OF[role] ?? '', ...bounds, ...expiry }
}

function formatToken(token: TokenView): MessageInitShape<typeof TokenSchema> {
  const { id, displayName, role, project, notes, cluster, createTime, expireTime, revokeTime } = token
  return {
    name: `tokens/${id}`,
    displayName,
    role: NUMBER_OF[role],
    project: project ?? '',
    noteNames: [...notes],
    cluster: cluster ?? '',
    createTime: toTimestamp(createTime),
    ...(expireTime === undefined ? {} : { expireTime: toTimestamp(expireTime) }),
    ...(revokeTime === undefined ? {} : { revokeTime: toTimestamp(revokeTime) }),
  }
}
