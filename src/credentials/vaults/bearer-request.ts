import { askService, type IssuerRequest, type ServiceAnswer } from '../token-request.js'
import type { TokenSource } from '../token-source.js'

/** Asks with a token; a kept token that is not accepted (401) is replaced by a fresh one, once. */
export const askWithToken = async (tokens: TokenSource, asked: IssuerRequest): Promise<ServiceAnswer> => {
  const token = await tokens.current()
  const answer = await askService({ ...asked, headers: { ...asked.headers, authorization: `Bearer ${token.value}` } })
  if (answer.status !== 401 || !tokens.discard(token)) return answer
  const fresh = await tokens.current()
  return askService({ ...asked, headers: { ...asked.headers, authorization: `Bearer ${fresh.value}` } })
}
