import { createHmac } from 'node:crypto'

/** Why a token shown at `$cbs` is not accepted; `undefined`: it is. */
export const tokenFault = (
  { type, token, audience }: Readonly<{ type: string; token: string; audience: string }>,
  keys: ReadonlyMap<string, string>,
  bearerTokens: ReadonlySet<string>,
  now: number,
): string | undefined => {
  if (type === 'jwt') return bearerTokens.has(token) ? undefined : 'InvalidIssuer: the token is not known'
  if (type !== 'servicebus.windows.net:sastoken') return `unknown token type ${type}`
  const fields = new URLSearchParams(token.replace(/^SharedAccessSignature /, ''))
  const address = fields.get('sr') ?? ''
  const expiry = fields.get('se') ?? '0'
  const key = keys.get(fields.get('skn') ?? '')
  if (!audience.startsWith(address)) return 'the token is for another address'
  if (Number(expiry) * 1_000 <= now) return 'ExpiredToken: the token is expired'
  if (key === undefined) return 'InvalidSignature: no such policy'
  const expected = createHmac('sha256', key)
    .update(`${encodeURIComponent(address)}\n${expiry}`)
    .digest('base64')
  return expected === fields.get('sig') ? undefined : 'InvalidSignature: the token has an invalid signature'
}
