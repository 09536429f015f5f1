import type { Secret } from '../../../credentials/secret.js'
import { secretsOf } from '../../config/secrets/secrets.js'
import { failure, lasting, ok, type Check, type Patient } from './check.js'

/** Each secret of the configuration: whether it can be read, and of one in a vault which version, and how old that is. */
export const checkSecrets = async ({ config, now }: Patient): Promise<readonly Check[]> =>
  secretsOf(config).map(({ path, secret }) => {
    try {
      secret.read()
      return ok('secrets', path, foundText(secret, now()))
    } catch (cause) {
      return failure('secrets', path, (cause as Error).message, 'streamvane config check --resolve')
    }
  })

const foundText = ({ from, held }: Secret, now: number): string => {
  const state = held?.state()
  if (state === undefined || state.kind === 'unread') return `from ${from}`
  const age = state.madeAt === undefined ? '' : `, made ${lasting(now - state.madeAt)} ago`
  return `${from}: version ${state.version}${age}`
}
