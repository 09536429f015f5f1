import { randomUUID } from 'node:crypto'
import type { Reply } from '../route.js'
import type { StandInClock } from '../clock.js'
import type { Organisation } from '../organisation.js'

type Issued = Readonly<{ clientId: string; expiresAt: number }>

/**
 * The token endpoint of the login host: `POST /oauth/token` with Basic authentication and `grant_type=client_credentials`
 * (developer.genesys.cloud, "Grant - Client Credentials").
 */
export class Tokens {
  /** How long tokens live, seconds. The platform's own default is a day. */
  lifeS = 86_400
  readonly #issued = new Map<string, Issued>()
  readonly #clock: StandInClock

  constructor(clock: StandInClock) {
    this.#clock = clock
  }

  issue(authorization: string | undefined, form: URLSearchParams, { clients }: Organisation): Reply {
    const [, basic = ''] = /^Basic (.+)$/.exec(authorization ?? '') ?? []
    const [id = '', ...secret] = Buffer.from(basic, 'base64').toString().split(':')
    if (form.get('grant_type') !== 'client_credentials')
      return { status: 400, body: { error: 'unsupported_grant_type', description: 'grant_type is not supported' } }
    if (!clients.has(id) || clients.get(id) !== secret.join(':'))
      return {
        status: 400,
        body: { error: 'invalid_client', description: 'client not found or invalid client secret' },
      }
    const token = randomUUID()
    this.#issued.set(token, { clientId: id, expiresAt: this.#clock.now() + this.lifeS * 1_000 })
    return { status: 200, body: { access_token: token, token_type: 'bearer', expires_in: this.lifeS } }
  }

  /** The token and its client; `undefined` for one that was never issued, has expired or was revoked. */
  valid(authorization: string | undefined): Readonly<{ token: string; clientId: string }> | undefined {
    const [, token = ''] = /^Bearer (.+)$/i.exec(authorization ?? '') ?? []
    const issued = this.#issued.get(token)
    if (issued === undefined || issued.expiresAt <= this.#clock.now()) return undefined
    return { token, clientId: issued.clientId }
  }

  revokeAll(): void {
    this.#issued.clear()
  }

  get count(): number {
    return this.#issued.size
  }
}
