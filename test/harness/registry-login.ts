import { sign, X509Certificate } from 'node:crypto'

/** The line of user `ann` with bcrypt of `s3cret`, for a registry that asks for a password. */
export const HTPASSWD = 'ann:$2b$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n'

/** A token as distribution's token service makes them (JWT, ES256, with its certificate in the header). */
export function signToken({ cert, key }: { readonly cert: string; readonly key: string }, scope: string): string {
  const [type, name, actions = ''] = scope.split(':')
  const now = Math.floor(Date.now() / 1000)
  const access = [{ type, name, actions: actions.split(',') }]
  const claims = { iss: 'tokens.test', sub: 'ann', aud: 'test', exp: now + 300, nbf: now - 10, iat: now, jti: 'one', access }
  const header = { typ: 'JWT', alg: 'ES256', x5c: [new X509Certificate(cert).raw.toString('base64')] }
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
