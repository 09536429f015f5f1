import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Claims, TokenOptions } from './stand-in-issuer.js'

export const CLIENT = { id: 'streamvane-console', secret: 'secret-of-the-client' } as const

/** The people of a stand-in issuer: whoever comes to `/authorize` is signed in at once, as who `is` says. */
export type StandInPeople = Readonly<{
  /** From now on ID tokens have these claims besides those of a good one. */
  is: (claims: Claims, options?: TokenOptions) => void
  /** From now on people are sent back with an error in the place of a code. */
  deny: () => void
  /** Where the browser is sent from `/authorize`. */
  sent: (asked: URL) => string
  /** What the last one was asked to do: the query of `/authorize`. */
  asked: () => URLSearchParams
  answerToken: (request: IncomingMessage, response: ServerResponse) => Promise<void>
}>

type Given = Readonly<{ challenge: string | null; nonce: string | null; redirect: string }>

export const standInPeople = (sign: (claims: Claims, options: TokenOptions) => Promise<string>): StandInPeople => {
  const codes = new Map<string, Given>()
  let [claims, options]: [Claims, TokenOptions] = [{}, {}]
  let isDenying = false
  let last = new URLSearchParams()
  return {
    is: (given, how = {}) => void ([claims, options] = [given, how]),
    deny: () => void (isDenying = true),
    asked: () => last,
    sent: ({ searchParams }) => {
      last = searchParams
      const redirect = searchParams.get('redirect_uri') ?? ''
      const back = new URL(redirect)
      back.searchParams.set('state', searchParams.get('state') ?? '')
      if (isDenying) back.searchParams.set('error', 'access_denied')
      else {
        const code = randomBytes(16).toString('base64url')
        const [challenge, nonce] = [searchParams.get('code_challenge'), searchParams.get('nonce')]
        codes.set(code, { challenge, nonce, redirect })
        back.searchParams.set('code', code)
      }
      return back.href
    },
    answerToken: async (request, response) => {
      const form = new URLSearchParams(await text(request))
      const code = form.get('code') ?? ''
      const given = codes.get(code)
      codes.delete(code)
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      const isClient = form.get('client_id') === CLIENT.id && form.get('client_secret') === CLIENT.secret
      const isGood = given?.challenge === challenge && given.redirect === form.get('redirect_uri')
      if (!isClient || !isGood)
        return void response
          .writeHead(isClient ? 400 : 401)
          .end(JSON.stringify({ error: isClient ? 'invalid_grant' : 'invalid_client' }))
      const idToken = await sign({ nonce: given.nonce, ...claims }, { audience: CLIENT.id, ...options })
      response.end(JSON.stringify({ access_token: 'opaque', token_type: 'Bearer', expires_in: 300, id_token: idToken }))
    },
  }
}
